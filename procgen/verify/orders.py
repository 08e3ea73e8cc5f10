"""Whether trees that are added in another order, or precision, can give another sum at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from procgen.ir.interpreter import to_float32
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType
from procgen.verify.grid import Grid
from procgen.verify.telling import Box, Parents, Telling

COMBINATIONS = 20_000
"""Leaves, one of each tree, that are added up in both ways; of more, rows are tried instead."""
EXACT = "these numbers add up exactly, in any order"
ALIKE = "leaves that one row can reach add up to the same"
BITS = {DType.FLOAT64: 53, DType.FLOAT32: 24}


def tell_sum(
    grid: Grid, parents: Sequence[Parents], before: Ensemble, after: Ensemble, *, most: int = 1
) -> Telling:
    """Where another way to add the leaves up shows.

    Args:
        grid: of the Program.
        parents: of the ensemble's trees, in the order of `before`.
        before: the ensemble.
        after: the same trees, added in another order or precision.
        most: how many boxes are looked for.
    """
    if _is_exact(before) and _is_exact(after):
        return Telling((), EXACT)
    leaves = [
        [place for place, node in enumerate(tree.nodes) if isinstance(node, Leaf)]
        for tree in before.trees
    ]
    if math.prod(map(len, leaves)) > COMBINATIONS:
        return Telling(())
    allowed = [axis.allowed for axis in grid.axes]
    boxes = [
        {place: one.box(place, allowed) for place in places}
        for one, places in zip(parents, leaves, strict=True)
    ]
    found: list[Box] = []
    for chosen in product(*leaves):
        if _add(before, before, chosen) == _add(after, before, chosen):
            continue
        box = _common(allowed, [known[place] for known, place in zip(boxes, chosen, strict=True)])
        if box is not None:
            found.append(box)
        if len(found) == most:
            break
    return Telling(tuple(found), None if found else ALIKE)


def _add(way: Ensemble, names: Ensemble, chosen: Sequence[int]) -> tuple[float, ...]:
    """The sums of the chosen leaves, each of a tree of `names`, added as `way` says."""
    leaf_of: dict[int, Leaf] = {}
    for tree, place in zip(names.trees, chosen, strict=True):
        node = tree.nodes[place]
        if isinstance(node, Leaf):
            leaf_of[id(tree)] = node
    rounded = to_float32 if way.accumulate is DType.FLOAT32 else float
    sums = [rounded(base) for base in way.base_score]
    for tree in way.trees:
        for output, value in zip(tree.outputs, leaf_of[id(tree)].values, strict=True):
            sums[output] = rounded(sums[output] + value)
    return tuple(sums)


def _common(allowed: Sequence[int], boxes: Sequence[Box]) -> Box | None:
    box = list(allowed)
    for other in boxes:
        box = [cells & more for cells, more in zip(box, other, strict=True)]
    return box if all(box) else None


def _is_exact(ensemble: Ensemble) -> bool:
    """Whether no sum is ever rounded: all terms are multiples of one power of 2, and few bits."""
    most = _largest_by_output(ensemble)
    values = [*ensemble.base_score, *_values(ensemble.trees)]
    if not all(map(math.isfinite, values)):
        return False
    finest = min((_last_bit(value) for value in values if value), default=0)
    return all(total < math.ldexp(1.0, finest + BITS[ensemble.accumulate]) for total in most)


def _values(trees: Sequence[Tree]) -> Iterator[float]:
    for tree in trees:
        for node in tree.nodes:
            if isinstance(node, Leaf):
                yield from node.values


def _largest_by_output(ensemble: Ensemble) -> list[float]:
    most = [abs(base) for base in ensemble.base_score]
    for tree in ensemble.trees:
        leaves = [node for node in tree.nodes if isinstance(node, Leaf)]
        for place, output in enumerate(tree.outputs):
            most[output] += max(abs(leaf.values[place]) for leaf in leaves)
    return most


def _last_bit(value: float) -> int:
    """The power of 2 that the last bit of a number stands for."""
    top, bottom = value.as_integer_ratio()
    return (top & -top).bit_length() - bottom.bit_length()
