"""Few rows that reach every leaf and every side of every split that some row can reach.

One set of cells for each input serves all trees at once: in each tree the walk takes the side with
more ways still untaken that the cells left over allow, and narrows the cells; a tree in which no
untaken way is left over changes nothing. What is left of the cells in the end is a row.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from procgen.ir.interpreter import Row
from procgen.ir.program import Program
from procgen.verify.grid import Grid
from procgen.verify.paths import possible_ways
from procgen.verify.picking import Picker
from procgen.verify.shapes import LEFT, LOST, RIGHT, WAYS, Shape

Change = tuple[int, int]
"""An axis, and the cells it had."""

ROUNDS = 6
TRIED = 300
"""Rows that are tried in each round of the search."""


def cover_rows(program: Program, *, seed: int = 0) -> list[Row]:
    """Few rows that reach every reachable leaf and every reachable side of every split.

    Args:
        program: a Program, lowered or not.
        seed: another seed gives other values from the same cells.
    """
    return cover_grid(Grid.of(program), seed=seed)


def cover_grid(grid: Grid, *, seed: int = 0) -> list[Row]:
    """The same of a Program that has been cut into cells."""
    picker = Picker(grid, random.Random(seed))  # noqa: S311 - the same rows every time
    rows = _solved(grid, picker)
    return rows if grid.is_free else _searched(grid, picker, grid.scored(rows))


def _solved(grid: Grid, picker: Picker) -> list[Row]:
    allowed = [axis.allowed for axis in grid.axes]
    trees = [Untaken.of(shape, allowed) for shape in grid.shapes]
    rows: list[Row] = []
    while True:
        trees = [tree for tree in trees if tree.below[0]]
        if not trees:
            # A tree that is one leaf has no sides, and is reached by any row.
            return rows or [picker.row([picker.bit(cells) for cells in allowed])]
        trees.sort(key=lambda tree: -tree.below[0])
        box = list(allowed)
        if not trees[0].narrow(box):
            trees[0].aim(box)
        for tree in trees[1:]:
            tree.narrow(box)
        bits = [picker.bit(left) for left in box]
        rows.append(picker.row(bits))
        for tree in trees:
            tree.take(bits)


def _searched(grid: Grid, picker: Picker, solved: Sequence[Row]) -> list[Row]:
    """Rows for trees that test more than inputs: a box is then no promise, so rows are tried."""
    allowed = [axis.allowed for axis in grid.axes]
    trees = [Untaken.of(shape, allowed) for shape in grid.shapes]
    rows: list[Row] = []
    tried = list(solved)
    for _ in range(ROUNDS + 1):
        for row, bits in zip(tried, grid.places(tried).T.tolist(), strict=True):
            before = sum(tree.below[0] for tree in trees)
            for tree in trees:
                tree.take(bits)
            if sum(tree.below[0] for tree in trees) < before:
                rows.append(row)
        if not any(tree.below[0] for tree in trees):
            break
        tried = grid.scored([picker.like(rows, allowed) for _ in range(TRIED)])
    return rows or list(solved)


@dataclass(slots=True)
class Untaken:
    """The ways through one tree that no row takes yet.

    Attributes:
        shape: the tree.
        open: for each way out of each split, whether it is possible and untaken.
        below: for each node, how many such ways there are at it and below it.
        parents: the node above each.
    """

    shape: Shape
    open: bytearray
    below: list[int]
    parents: list[int]

    @classmethod
    def of(cls, shape: Shape, allowed: Sequence[int]) -> Untaken:
        """All that is possible is untaken."""
        ways, _ = possible_ways(shape, allowed)
        below = [0] * len(shape.axes)
        parents = [-1] * len(shape.axes)
        for node in reversed(range(len(below))):
            if shape.axes[node] >= 0:
                left, right = shape.left[node], shape.right[node]
                own = ways[WAYS * node] + ways[WAYS * node + 1] + ways[WAYS * node + 2]
                below[node] = own + below[left] + below[right]
                parents[left] = parents[right] = node
        return cls(shape, ways, below, parents)

    def narrow(self, box: list[int]) -> bool:
        """Narrow the box to what takes untaken ways; whether there are any in it.

        How many untaken ways lie below a node is known, not how many of them the box allows, so
        this may end without any; the box is then as it was.
        """
        shape, node, useful = self.shape, 0, 0
        changes: list[tuple[int, int]] = []
        while self.below[node]:
            way, cells = self._best(node, box)
            if not cells:
                break
            axis = shape.axes[node]
            changes.append((axis, box[axis]))
            box[axis] = cells
            if self.open[WAYS * node + way]:
                useful = len(changes)
            node = shape.child(node, way)
        for axis, cells in reversed(changes[useful:]):  # nothing new was below
            box[axis] = cells
        return useful > 0

    def aim(self, box: list[int]) -> None:
        """Narrow a box that has every cell to what takes one untaken way."""
        shape = self.shape
        child, way = divmod(self.open.index(1), WAYS)
        box[shape.axes[child]] &= shape.cells(child, way)
        while (node := self.parents[child]) >= 0:
            box[shape.axes[node]] &= shape.side(node, left=shape.left[node] == child)
            child = node

    def take(self, bits: Sequence[int]) -> None:
        """Note what a row takes that has these cells."""
        shape, node, taken = self.shape, 0, 0
        path: list[tuple[int, int]] = []
        while (axis := shape.axes[node]) >= 0 and self.below[node]:
            way = shape.way(node, bits[axis])
            path.append((node, WAYS * node + way))
            node = shape.child(node, way)
        for node, place in reversed(path):
            taken += self.open[place]
            self.open[place] = 0
            self.below[node] -= taken

    def _best(self, node: int, box: Sequence[int]) -> tuple[int, int]:
        """The way with most ahead of it, and the cells that it leaves; no cells where none has."""
        shape, first = self.shape, WAYS * node
        here, passing = box[shape.axes[node]], shape.passing(node)
        left, lost = here & passing, here & shape.cells(node, LOST)
        right = here ^ left ^ lost
        below_left, below_right = self.below[shape.left[node]], self.below[shape.right[node]]
        most, best = 0, (LEFT, 0)
        if left and (ahead := below_left + self.open[first]) > most:
            most, best = ahead, (LEFT, left)
        if right and (ahead := below_right + self.open[first + 1]) > most:
            most, best = ahead, (RIGHT, right)
        if lost:
            below = below_left if shape.default_left[node] else below_right
            if below + self.open[first + 2] > most:
                best = (LOST, lost)
        return best
