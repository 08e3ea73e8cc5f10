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
from procgen.verify.axes import MISSING
from procgen.verify.grid import Grid
from procgen.verify.paths import possible_ways
from procgen.verify.picking import Picker
from procgen.verify.shapes import LEFT, LOST, NO_BOUND, RIGHT, WAYS, Shape

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
    """Rows without a missing value where there is another; and then what only such a value takes.

    A value that is missing sends a row one way at every split on it, so leaves come first.
    """
    allowed = [axis.allowed for axis in grid.axes]
    present = [cells & ~MISSING or cells for cells in allowed]
    found: list[list[int]] = []
    for box in (present, allowed):
        trees = [Untaken.of(shape, box) for shape in grid.shapes]
        for bits in found:
            for tree in trees:
                tree.take(bits)
        found += _greedy(trees, box, picker)
    # A tree that is one leaf has no sides, and is reached by any row.
    return [picker.row(bits) for bits in found or [[picker.bit(cells) for cells in allowed]]]


def _greedy(trees: list[Untaken], allowed: Sequence[int], picker: Picker) -> list[list[int]]:
    """The cells of rows that take every way that is left."""
    found: list[list[int]] = []
    while trees := [tree for tree in trees if tree.below[0]]:
        trees.sort(key=lambda tree: -tree.below[0])
        box = list(allowed)
        if not trees[0].narrow(box):
            trees[0].aim(box)
        for tree in trees[1:]:
            tree.narrow(box)
        bits = [picker.bit(cells) for cells in box]
        found.append(bits)
        for tree in trees:
            tree.take(bits)
    return found


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
        for node in reversed(range(len(below))):
            if shape.axes[node] >= 0:
                left, right = shape.left[node], shape.right[node]
                own = ways[WAYS * node] + ways[WAYS * node + 1] + ways[WAYS * node + 2]
                below[node] = own + below[left] + below[right]
        return cls(shape, ways, below, shape.parents())

    def narrow(self, box: list[int]) -> bool:
        """Narrow the box to what takes untaken ways; whether there are any in it.

        How many untaken ways lie below a node is known, not how many of them the box allows, so
        this may end without any; the box is then as it was.
        """
        shape, below, opened = self.shape, self.below, self.open
        axes, lefts, rights = shape.axes, shape.left, shape.right
        node = useful = 0
        changes: list[tuple[int, int]] = []
        while below[node]:  # millions of times: no calls, and each set of cells is made once
            axis, first = axes[node], WAYS * node
            here, bound = box[axis], shape.bounds[node]
            passing = (2 << bound) - 2 if bound != NO_BOUND else shape.members[node]
            lost = here & (shape.lost.get(node, MISSING) if shape.lost else MISSING)
            left = here & passing
            right = here ^ left ^ lost
            most, way, cells, child = 0, LEFT, 0, node
            if left and (ahead := below[lefts[node]] + opened[first]) > most:
                most, cells, child = ahead, left, lefts[node]
            if right and (ahead := below[rights[node]] + opened[first + 1]) > most:
                most, way, cells, child = ahead, RIGHT, right, rights[node]
            if lost:
                after = lefts[node] if shape.default_left[node] else rights[node]
                if below[after] + opened[first + 2] > most:
                    way, cells, child = LOST, lost, after
            if not cells:
                break
            changes.append((axis, here))
            box[axis] = cells
            if opened[first + way]:
                useful = len(changes)
            node = child
        for axis, cells in reversed(changes[useful:]):  # nothing new was below
            box[axis] = cells
        return useful > 0

    def aim(self, box: list[int]) -> None:
        """Narrow a box that has every cell to what takes one untaken way."""
        shape = self.shape
        node, way = divmod(self.open.index(1), WAYS)
        box[shape.axes[node]] &= shape.cells(node, way)
        shape.narrow(box, node, self.parents)

    def take(self, bits: Sequence[int]) -> None:
        """Note what a row takes that has these cells."""
        shape, below, opened = self.shape, self.below, self.open
        axes, bounds, lefts, rights = shape.axes, shape.bounds, shape.left, shape.right
        node = taken = 0
        path: list[tuple[int, int]] = []
        while below[node]:
            bit, bound = bits[axes[node]], bounds[node]
            if bit and bound != NO_BOUND:
                way = LEFT if bit <= bound else RIGHT
                path.append((node, WAYS * node + way))
                node = lefts[node] if way == LEFT else rights[node]
            else:
                way = shape.way(node, bit)
                path.append((node, WAYS * node + way))
                node = shape.child(node, way)
        for node, place in reversed(path):
            taken += opened[place]
            opened[place] = 0
            below[node] -= taken
