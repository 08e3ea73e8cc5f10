"""Whether a changed leaf shows in the sum of the trees: every way through the others is followed.

Rounding hides small differences, so that random rows seldom find one. Two sums that have become
equal stay equal, which ends most ways at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from procgen.ir.leaf_sums import add_leaf, rounding, sum_leaves
from procgen.ir.trees import Ensemble, Leaf
from procgen.verify.bits import same_bits
from procgen.verify.telling import Box, Parents, leaves_within

WAYS = 20_000
"""Ways that are followed before it is given up."""
SAME_SUM = "rounding hides it, whichever leaves the other trees add"
Sums = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of it: cells in which every row gets another sum, or a proof that there are none.

    Both are None where there were too many ways.
    """

    box: Box | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """Some trees' leaves, the cells of the rows that reach them all, and both sums so far."""

    tree: int
    box: Box
    before: Sums
    after: Sums


def follow(
    ensemble: Ensemble,
    every: Sequence[Parents],
    changed: int,
    ends: Iterable[tuple[Box, tuple[Leaf, Leaf]]],
) -> Followed:
    """Look for cells in which the sums of an ensemble and of a changed one differ.

    Args:
        ensemble: as it is.
        every: its trees over the cells.
        changed: the number of the changed tree.
        ends: all cells in which the change gives another leaf, with the leaves before and after.
    """
    tried = 0
    start = tuple(sum_leaves(ensemble, ()))
    for box, pair in ends:
        waiting = [_Way(0, box, start, start)]
        while waiting:
            way = waiting.pop()
            if way.tree > changed and _alike(way):
                continue
            if way.tree == len(ensemble.trees):
                return Followed(box=way.box)
            tried += 1
            if tried > WAYS:
                return Followed()
            waiting += _next(ensemble, every, way, pair if way.tree == changed else None)
    return Followed(proof=SAME_SUM)


def _alike(way: _Way) -> bool:
    return all(same_bits(a, b) for a, b in zip(way.before, way.after, strict=True))


def _next(
    ensemble: Ensemble, every: Sequence[Parents], way: _Way, pair: tuple[Leaf, Leaf] | None
) -> list[_Way]:
    number, nodes = way.tree, ensemble.trees[way.tree].nodes
    if pair is not None:
        before, after = (
            _added(ensemble, number, sums, leaf)
            for sums, leaf in zip((way.before, way.after), pair, strict=True)
        )
        return [_Way(number + 1, way.box, before, after)]
    ways: list[_Way] = []
    for place, box in leaves_within(every[number].shape, 0, way.box):
        leaf = nodes[place]
        if isinstance(leaf, Leaf):
            before = _added(ensemble, number, way.before, leaf)
            # Up to the changed tree both sums are one.
            after = before if way.after is way.before else _added(ensemble, number, way.after, leaf)
            ways.append(_Way(number + 1, box, before, after))
    return ways


def _added(ensemble: Ensemble, number: int, sums: Sums, leaf: Leaf) -> Sums:
    totals = list(sums)
    add_leaf(totals, ensemble.trees[number], leaf, rounding(ensemble))
    return tuple(totals)
