"""What scoring by the kernel costs beside SQL, where a server or a process has Python.

The figures were measured with NumPy 2.4 and Numba 0.68 on ensembles of 1,400 to 66,000 splits over
30 columns of doubles; see docs/kernels.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from procgen.backends.costs import Cost, Shape, sizes
from procgen.ir.program import Program
from procgen.ir.walk import ensembles_of

MOST_LEAVES = 64
"""Leaves up to which a tree is masks; larger ones are walked."""
MOVED = {"duckdb": 0.3e-6, "postgres": 2e-6}
"""Seconds in which a row goes to Python and its score comes back."""
CALLED = {"duckdb": 2e-3, "postgres": 3e-4}
"""Seconds of a statement that calls Python."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Seconds: of a feature, a tree of masks, a byte of a mask by feature, a level of a walk."""

    feature: float
    tree: float
    byte: float
    level: float


TIERS = {
    "NumPy": Tier(6e-9, 1.8e-9, 0.04e-9, 4.5e-9),
    "Numba": Tier(2.4e-9, 0.9e-9, 0.018e-9, 0.8e-9),
}


def kernel_costs(program: Program, engine: str) -> Mapping[str, Cost]:
    """The cost by tier, of rows that an engine hands over."""
    shape = Shape.of(program)
    ensembles = ensembles_of(program).values()
    leaves = (count for ensemble in ensembles for count in sizes(ensemble)[0])
    bytes_of_masks = [_mask_bytes(count) for count in leaves if count <= MOST_LEAVES]
    return {
        name: Cost(CALLED[engine], MOVED[engine] + _row(tier, shape, bytes_of_masks))
        for name, tier in TIERS.items()
    }


def _row(tier: Tier, shape: Shape, masks: list[int]) -> float:
    masked = len(masks) * tier.tree + sum(masks) * tier.byte * shape.inputs
    walked = (shape.trees - len(masks)) * shape.deepest * tier.level
    return shape.inputs * tier.feature + masked + walked


def _mask_bytes(leaves: int) -> int:
    return next(size for size in (1, 2, 4, 8) if leaves <= 8 * size)
