"""A row that tells a changed tree from the tree itself, or the proof that there is no such row.

The change sends some cells of one value another way at one node. A row tells it if it comes to the
node with such a value and the leaves on the two ways differ. The cells left to each input on the
way to both leaves say whether there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.ir.expressions import Expr
from procgen.ir.trees import Ensemble, Leaf, Split
from procgen.verify.grid import Grid
from procgen.verify.mutants import Change
from procgen.verify.shapes import Shape

Box = list[int]
PAIRS = 2_000
"""Pairs of leaves that are compared before a change is given up as neither told nor proven."""
NO_ROW = "no row that is scored comes to this node"
NO_VALUE = "no value that comes to this node goes another way"
EQUAL_LEAVES = "both ways end in equal leaves"


@dataclass(frozen=True, slots=True)
class Parents:
    """The node above each node of a tree."""

    shape: Shape
    above: tuple[int, ...]

    @classmethod
    def of(cls, shape: Shape) -> Parents:
        """Read them off a tree."""
        return cls(shape, tuple(shape.parents()))

    def box(self, node: int, allowed: Sequence[int]) -> Box:
        """The cells of the rows that come to a node."""
        box = list(allowed)
        self.shape.narrow(box, node, self.above)
        return box


@dataclass(frozen=True, slots=True)
class Telling:
    """Sets of cells in which every row gets another leaf, or why there is none.

    `proof` is None where some boxes are known, and where the search was given up.

    Attributes:
        pairs: the leaves before and after in each box.
        is_complete: whether there are no other boxes.
    """

    boxes: tuple[Box, ...]
    proof: str | None = None
    pairs: tuple[tuple[Leaf, Leaf], ...] = ()
    is_complete: bool = False


def tell(grid: Grid, parents: Parents, change: Change, *, most: int = 1) -> Telling:
    """Where a changed tree shows.

    Args:
        grid: sharp, so that a threshold off by one number is told.
        parents: of the tree that is changed.
        change: to one node, or two leaves.
        most: how many boxes are looked for.
    """
    shape, node = parents.shape, change.node
    allowed = [axis.allowed for axis in grid.axes]
    if shape.axes[change.become[0][0]] < 0:
        ends = [
            (box, (old, leaf))
            for place, leaf in change.become
            for box, old in ((parents.box(place, allowed), shape.tree.nodes[place]),)
            if all(box) and isinstance(old, Leaf) and isinstance(leaf, Leaf)
        ]
        full, pairs = tuple(box for box, _ in ends), tuple(pair for _, pair in ends)
        return Telling(full, None if full else NO_ROW, pairs, is_complete=True)
    box = parents.box(node, allowed)
    if not all(box):
        return Telling((), NO_ROW)
    axis = shape.axes[node]
    box[axis] &= other_way(grid, shape, change)
    if not box[axis]:
        return Telling((), NO_VALUE)
    return _differing(shape, box, (shape.left[node], shape.right[node]), most)


def other_way(grid: Grid, shape: Shape, change: Change) -> int:
    """The cells that go another way at the changed node."""
    before, (_, after) = shape.tree.nodes[change.node], change.become[0]
    if not (isinstance(before, Split) and isinstance(after, Split)):
        return 0
    feature = _feature(grid, change, before.feature)
    passing, lost = grid.cells(feature, before.test)
    passing_after, _ = grid.cells(feature, after.test)
    turned = lost if before.default_left is not after.default_left else 0
    return passing ^ passing_after | turned


def _feature(grid: Grid, change: Change, number: int) -> Expr:
    ensemble = grid.program.binding(change.binding)
    if not isinstance(ensemble, Ensemble):
        raise TypeError(f"{change.binding} is not an ensemble")
    return ensemble.features[number]


def _differing(shape: Shape, box: Box, sides: tuple[int, int], most: int) -> Telling:
    """Boxes that end in different leaves on the two sides."""
    nodes = shape.tree.nodes
    found: list[Box] = []
    pairs: list[tuple[Leaf, Leaf]] = []
    tried = 0
    for left, inside in leaves_within(shape, sides[0], box):
        for right, both in leaves_within(shape, sides[1], inside):
            tried += 1
            before, after = nodes[left], nodes[right]
            if before != after and isinstance(before, Leaf) and isinstance(after, Leaf):
                found.append(both)
                pairs.append((before, after))
            if len(found) == most or tried == PAIRS:
                return Telling(tuple(found), pairs=tuple(pairs))
    proof = None if found else EQUAL_LEAVES
    return Telling(tuple(found), proof, tuple(pairs), is_complete=True)


def leaves_within(shape: Shape, start: int, box: Box) -> Iterator[tuple[int, Box]]:
    """Each leaf below a node that rows of the box reach, and the part of the box that does."""
    waiting: list[tuple[int, Box]] = [(start, box)]
    while waiting:
        node, inside = waiting.pop()
        axis = shape.axes[node]
        if axis < 0:
            yield node, inside
            continue
        for child, left in ((shape.right[node], False), (shape.left[node], True)):
            cells = inside[axis] & shape.side(node, left=left)
            if cells:
                narrowed = list(inside)
                narrowed[axis] = cells
                waiting.append((child, narrowed))
