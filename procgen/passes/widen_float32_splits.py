"""`round_to_float32(x) <= t` is `x <= b` or `x < b` for one double b: rounding is monotonic.

With f the largest float32 that passes and n the next one up, b is halfway between them: the halfway
point itself rounds to the neighbour whose last bit is 0. A literal copy of t would send every row
that rounds to it the wrong way, and a cast to REAL raises on 1e300 in both engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from procgen.ir.expressions import Comparison, Test, Threshold
from procgen.ir.program import Program
from procgen.ir.target import Target
from procgen.ir.trees import Ensemble, Split, Tree
from procgen.ir.types import DType
from procgen.ir.walk import rewrite_ensembles


def widen_float32_splits(program: Program, _: Target) -> Program:
    """Replace every float32 threshold of every tree by the double threshold that means the same."""
    return rewrite_ensembles(program, _widen_ensemble)


def widen(thresholds: Sequence[Threshold]) -> list[Threshold]:
    """Double thresholds with the meaning of float32 ones of a single comparison each."""
    values = np.array([threshold.value for threshold in thresholds], dtype=np.float64)
    strict = np.array([threshold.op is Comparison.LT for threshold in thresholds], dtype=np.bool_)
    bounds, inclusive = _boundaries(values, strict)
    return [
        Threshold(Comparison.LE if keep else Comparison.LT, bound)
        for bound, keep in zip(bounds.tolist(), inclusive.tolist(), strict=True)
    ]


def _boundaries(
    values: NDArray[np.float64], strict: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """For each threshold, the double bound and whether the bound itself passes."""
    down, up = np.float32(-np.inf), np.float32(np.inf)
    with np.errstate(over="ignore"):
        below = values.astype(np.float32)
        too_high = np.where(strict, below.astype(np.float64) >= values, below > values)
        below = np.where(too_high, np.nextafter(below, down), below)
        above = np.nextafter(below, up)
    low, high = below.astype(np.float64), above.astype(np.float64)
    # Rounding treats infinity as the float32 that would come next, 2**128.
    low = np.where(np.isinf(low) & np.isfinite(high), -(2.0**128), low)
    high = np.where(np.isinf(high) & np.isfinite(low), 2.0**128, high)
    with np.errstate(invalid="ignore"):
        bounds = low / 2 + high / 2
    even = below.view(np.int32) & 1 == 0
    everything = below == up
    nothing = strict & np.isneginf(values)
    bounds = np.where(everything, np.inf, np.where(nothing, -np.inf, bounds))
    inclusive = np.where(everything, np.True_, np.where(nothing, np.False_, even))
    return bounds, inclusive


def _widen_ensemble(ensemble: Ensemble) -> Ensemble:
    splits = [
        node.test
        for tree in ensemble.trees
        for node in tree.nodes
        if isinstance(node, Split) and _is_float32(node.test)
    ]
    if not splits:
        return ensemble
    unique = list(dict.fromkeys(splits))
    wide = dict(zip(unique, widen(unique), strict=True))  # type: ignore[arg-type]
    return replace(ensemble, trees=tuple(_widen_tree(tree, wide) for tree in ensemble.trees))


def _widen_tree(tree: Tree, wide: dict[Test, Threshold]) -> Tree:
    nodes = tuple(
        Split(
            node.feature, wide.get(node.test, node.test), node.default_left, node.left, node.right
        )
        if isinstance(node, Split)
        else node
        for node in tree.nodes
    )
    return Tree(nodes, tree.outputs)


def _is_float32(test: Test) -> bool:
    return isinstance(test, Threshold) and test.precision is DType.FLOAT32
