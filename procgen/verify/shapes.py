"""A tree over the cells of its inputs: its tests become comparisons of integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.ir.trees import Tree
from procgen.verify.axes import MISSING

WAYS = 3
LEFT, RIGHT, LOST = range(WAYS)
"""The ways out of a split: the test holds, it does not, the value is missing."""
NO_BOUND = -1
"""The bound of a split whose cells are not those up to one of them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One tree, node by node; a leaf has axis -1.

    Attributes:
        binding: the name of its ensemble.
        number: its place among the ensemble's trees.
        bounds: the bit of the last cell that passes; `members` says it where that is NO_BOUND.
        members: the set of cells that pass, where it is not one range from the lowest cell up.
        lost: the cells in which the tested value is missing, where that is not when the axis is.
        default_left: whether a missing value goes left.
    """

    binding: str
    number: int
    tree: Tree
    axes: tuple[int, ...]
    bounds: tuple[int, ...]
    members: dict[int, int]
    lost: dict[int, int]
    default_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    def passing(self, node: int) -> int:
        """The set of cells that go left at a split, but for the missing value."""
        bound = self.bounds[node]
        return (2 << bound) - 2 if bound != NO_BOUND else self.members[node]

    def cells(self, node: int, way: int) -> int:
        """The cells that take one way out of a split, among any others: mask with it."""
        lost = self.lost.get(node, MISSING)
        if way == LOST:
            return lost
        passing = self.passing(node)
        return passing if way == LEFT else ~passing & ~lost

    def side(self, node: int, *, left: bool) -> int:
        """The cells that go to one of the children, the missing value among them or not."""
        lost = self.lost.get(node, MISSING) if self.default_left[node] is left else 0
        return self.cells(node, LEFT if left else RIGHT) | lost

    def way(self, node: int, bit: int) -> int:
        """The way that a cell takes out of a split."""
        bound = self.bounds[node]
        if bound != NO_BOUND:
            return LOST if bit == 0 else (LEFT if bit <= bound else RIGHT)
        if self.lost.get(node, MISSING) >> bit & 1:
            return LOST
        return LEFT if self.members[node] >> bit & 1 else RIGHT

    def child(self, node: int, way: int) -> int:
        """Where a way leads."""
        left = self.default_left[node] if way == LOST else way == LEFT
        return self.left[node] if left else self.right[node]

    def parents(self) -> list[int]:
        """The node above each node; -1 above the root."""
        above = [-1] * len(self.axes)
        for node, axis in enumerate(self.axes):
            if axis >= 0:
                above[self.left[node]] = above[self.right[node]] = node
        return above

    def narrow(self, box: list[int], node: int, parents: Sequence[int]) -> None:
        """Leave in a box only the cells that come to a node."""
        while (above := parents[node]) >= 0:
            box[self.axes[above]] &= self.side(above, left=self.left[above] == node)
            node = above

    def path(self, bits: Sequence[int]) -> Iterator[int]:
        """The nodes that a row comes to, given the bit of each axis."""
        node = 0
        while (axis := self.axes[node]) >= 0:
            yield node
            node = self.child(node, self.way(node, bits[axis]))
        yield node
