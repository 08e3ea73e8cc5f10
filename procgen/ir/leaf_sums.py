"""How the leaves that a row reaches are added: tree by tree, and rounded as the library rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from procgen.ir.float32 import to_float32
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType


def sum_leaves(ensemble: Ensemble, leaves: Iterable[tuple[Tree, Leaf]]) -> list[float]:
    """The base score and then leaves, each of one tree, added in this order; not yet divided."""
    rounded = rounding(ensemble)
    sums = [rounded(base) for base in ensemble.base_score]
    for tree, leaf in leaves:
        add_leaf(sums, tree, leaf, rounded)
    return sums


def add_leaf(sums: list[float], tree: Tree, leaf: Leaf, rounded: Callable[[float], float]) -> None:
    """Add a leaf of a tree to the running sums; `rounded` is the ensemble's `rounding`."""
    for output, value in zip(tree.outputs, leaf.values, strict=True):
        sums[output] = rounded(sums[output] + value)


def rounding(ensemble: Ensemble) -> Callable[[float], float]:
    """What is done with every sum of an ensemble."""
    return to_float32 if ensemble.accumulate is DType.FLOAT32 else float


def divided(ensemble: Ensemble, sums: Sequence[float]) -> tuple[float, ...]:
    """The sums as the ensemble answers them: averages, where it averages."""
    if ensemble.divisor is None:
        return tuple(sums)
    return tuple(total / ensemble.divisor for total in sums)
