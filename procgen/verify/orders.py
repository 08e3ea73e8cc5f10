"""Whether trees that are added in another order, or precision, can give another sum at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from procgen.ir.leaf_sums import rounding, sum_leaves
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType
from procgen.verify.grid import Grid
from procgen.verify.telling import Box, Parents, Telling

COMBINATIONS = 20_000
"""Leaves, one of each tree, that are added up in both ways; of more, rows are tried instead."""
EXACT = "these numbers add up exactly, in any order"
HIDDEN = "rounding makes the two leaves one, whatever the other trees add up to"
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
        after: the same trees, added in another precision, or with the last one first.
        most: how many boxes are looked for.
    """
    if _is_exact(before) and _is_exact(after):
        return Telling((), EXACT)
    leaves = [
        [(place, (tree, node)) for place, node in enumerate(tree.nodes) if isinstance(node, Leaf)]
        for tree in before.trees
    ]
    in_turn = after.trees == before.trees
    if math.prod(map(len, leaves)) > COMBINATIONS:
        return Telling(())
    allowed = [axis.allowed for axis in grid.axes]
    boxes = [
        {place: one.box(place, allowed) for place, _ in places}
        for one, places in zip(parents, leaves, strict=True)
    ]
    found: list[Box] = []
    for chosen in product(*leaves):
        terms = [term for _, term in chosen]
        in_order = terms if in_turn else [terms[-1], *terms[:-1]]
        if sum_leaves(before, terms) == sum_leaves(after, in_order):
            continue
        places = [place for place, _ in chosen]
        box = _common(allowed, [known[place] for known, place in zip(boxes, places, strict=True)])
        if box is not None:
            found.append(box)
        if len(found) == most:
            break
    return Telling(tuple(found), None if found else ALIKE)


def hides(ensemble: Ensemble, number: int, pairs: Sequence[tuple[Leaf, Leaf]]) -> bool:
    """Whether rounding makes one of two leaves, whatever the other trees add up to."""
    for place, output in enumerate(ensemble.trees[number].outputs):
        sums = _sums_before(ensemble, number, output)
        if sums is None:
            return False
        values = {(before.values[place], after.values[place]) for before, after in pairs}
        rounded = rounding(ensemble)
        unlike = {
            (rounded(total + one), rounded(total + other))
            for total in sums
            for one, other in values
        }
        if not _meet(ensemble, number + 1, output, unlike):
            return False
    return True


def _meet(ensemble: Ensemble, first: int, output: int, sums: set[tuple[float, float]]) -> bool:
    """Whether pairs of sums are all alike once the trees from the first one on are added."""
    rounded = rounding(ensemble)
    unlike = {pair for pair in sums if pair[0] != pair[1]}
    for tree in ensemble.trees[first:]:
        for place in (place for place, other in enumerate(tree.outputs) if other == output):
            values = {node.values[place] for node in tree.nodes if isinstance(node, Leaf)}
            if len(unlike) * len(values) > 10 * COMBINATIONS:
                return False
            added = ((rounded(a + v), rounded(b + v)) for a, b in unlike for v in values)
            unlike = {(a, b) for a, b in added if a != b}
    divisor = ensemble.divisor or 1.0
    return all(a / divisor == b / divisor for a, b in unlike)


def _sums_before(ensemble: Ensemble, number: int, output: int) -> set[float] | None:
    """Every sum that the trees before one may come to; None where there are too many."""
    rounded = rounding(ensemble)
    sums = {rounded(ensemble.base_score[output])}
    for tree in ensemble.trees[:number]:
        for place in (place for place, other in enumerate(tree.outputs) if other == output):
            values = {node.values[place] for node in tree.nodes if isinstance(node, Leaf)}
            if len(sums) * len(values) > 10 * COMBINATIONS:
                return None
            sums = {rounded(total + value) for total in sums for value in values}
    return sums


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
