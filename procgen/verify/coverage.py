"""Which leaves and sides of splits some rows reach, of those that any row can reach at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from procgen.ir.interpreter import Row
from procgen.ir.program import Program
from procgen.verify.axes import MISSING
from procgen.verify.grid import Grid
from procgen.verify.paths import possible_ways
from procgen.verify.shapes import LEFT, LOST, NO_BOUND, RIGHT, WAYS, Shape

SideName = Literal["left", "right", "missing"]
SIDES: tuple[SideName, ...] = ("left", "right", "missing")
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of one tree of the lowered Program."""

    binding: str
    tree: int
    node: int


@dataclass(frozen=True, slots=True)
class Side:
    """One way out of one split: the test holds, it does not, or the value is missing."""

    binding: str
    tree: int
    node: int
    side: SideName


@dataclass(frozen=True, slots=True)
class Coverage:
    """What rows reach of the trees of a Program.

    A split has a missing side where a row that is scored may lack the value at all.

    Attributes:
        leaves: how many there are.
        reachable: how many are not proven unreachable.
        reached: how many the rows reach.
        sides: of splits; `reachable_sides` and `reached_sides` are counted like leaves.
        unreachable: no row that is scored comes here: the tests above contradict each other.
        unreachable_sides: the same of sides.
        missed: reachable for all that is known, and no row is there.
        missed_sides: the same of sides.
        floor: the leaves of the largest tree: fewer rows cannot reach them all.
        rows: how many rows were given.
    """

    leaves: int
    reachable: int
    reached: int
    sides: int
    reachable_sides: int
    reached_sides: int
    unreachable: tuple[Leaf, ...]
    unreachable_sides: tuple[Side, ...]
    missed: tuple[Leaf, ...]
    missed_sides: tuple[Side, ...]
    floor: int
    rows: int

    @property
    def share(self) -> float:
        """The part of the reachable leaves that is reached; 1 where there is none."""
        return self.reached / self.reachable if self.reachable else 1.0

    @property
    def share_of_sides(self) -> float:
        """The part of the reachable sides that is reached; 1 where there is none."""
        return self.reached_sides / self.reachable_sides if self.reachable_sides else 1.0

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values; a leaf is [binding, tree, node], a side has its name too."""
        return {
            "leaves": self.leaves,
            "reachable": self.reachable,
            "reached": self.reached,
            "share": self.share,
            "sides": self.sides,
            "reachable_sides": self.reachable_sides,
            "reached_sides": self.reached_sides,
            "share_of_sides": self.share_of_sides,
            "floor": self.floor,
            "rows": self.rows,
            "unreachable": [[leaf.binding, leaf.tree, leaf.node] for leaf in self.unreachable],
            "missed": [[leaf.binding, leaf.tree, leaf.node] for leaf in self.missed],
            "unreachable_sides": [_as_list(side) for side in self.unreachable_sides],
            "missed_sides": [_as_list(side) for side in self.missed_sides],
        }


def _as_list(side: Side) -> list[Any]:
    return [side.binding, side.tree, side.node, side.side]


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one tree: what there is, what may be reached, and what is; ways are by node and side."""

    shape: Shape
    ways: Flags
    possible_ways: Flags
    reached_ways: Flags
    leaves: Flags
    possible: Flags
    reached: Flags


def measure(program: Program, rows: Sequence[Row]) -> Coverage:
    """Which leaves and sides these rows reach.

    Args:
        program: a Program, lowered or not; what is counted is lowered.
        rows: with every input each; a row that is refused reaches nothing.
    """
    return measure_grid(Grid.of(program), rows)


def measure_grid(grid: Grid, rows: Sequence[Row]) -> Coverage:
    """The same of a Program that has been cut into cells."""
    places = grid.places(grid.scored(rows))
    allowed = [axis.allowed for axis in grid.axes]
    reaches = [_reach(grid, shape, places, allowed) for shape in grid.shapes]
    count = len(reaches)
    floor = max((int(reach.leaves.sum()) for reach in reaches), default=0)
    sums = {
        name: sum(int(getattr(reach, name).sum()) for reach in reaches) if count else 0
        for name in ("ways", "possible_ways", "reached_ways", "leaves", "possible", "reached")
    }
    return Coverage(
        leaves=sums["leaves"],
        reachable=sums["possible"],
        reached=sums["reached"],
        sides=sums["ways"],
        reachable_sides=sums["possible_ways"],
        reached_sides=sums["reached_ways"],
        unreachable=tuple(_leaves(reaches, "leaves", "possible")),
        unreachable_sides=tuple(_sides(reaches, "ways", "possible_ways")),
        missed=tuple(_leaves(reaches, "possible", "reached")),
        missed_sides=tuple(_sides(reaches, "possible_ways", "reached_ways")),
        floor=floor,
        rows=len(rows),
    )


def _leaves(reaches: Sequence[Reach], of: str, less: str) -> Iterator[Leaf]:
    for reach in reaches:
        left_over = getattr(reach, of) & ~getattr(reach, less)
        for node in np.flatnonzero(left_over).tolist():
            yield Leaf(reach.shape.binding, reach.shape.number, node)


def _sides(reaches: Sequence[Reach], of: str, less: str) -> Iterator[Side]:
    for reach in reaches:
        left_over = getattr(reach, of) & ~getattr(reach, less)
        for way in np.flatnonzero(left_over).tolist():
            node, side = divmod(way, WAYS)
            yield Side(reach.shape.binding, reach.shape.number, node, SIDES[side])


def _reach(grid: Grid, shape: Shape, places: NDArray[np.int32], allowed: Sequence[int]) -> Reach:
    axes = np.array(shape.axes)
    splits = axes >= 0
    ways = np.repeat(splits, WAYS)
    may_be_missing = [cells & MISSING for cells in allowed]
    ways[LOST::WAYS] &= np.array([*may_be_missing, 0], dtype=np.bool_)[axes]  # a leaf's is -1
    for node, lost in shape.lost.items():
        ways[WAYS * node + LOST] = allowed[shape.axes[node]] & lost != 0
    possible_way, possible = possible_ways(shape, allowed)
    reached_ways, reached = walk(grid, shape, places)
    return Reach(
        shape=shape,
        ways=ways,
        possible_ways=np.frombuffer(possible_way, dtype=np.bool_),
        reached_ways=reached_ways,
        leaves=~splits,
        possible=np.frombuffer(possible, dtype=np.bool_) & ~splits,
        reached=reached & ~splits,
    )


def walk(grid: Grid, shape: Shape, places: NDArray[np.int32]) -> tuple[Flags, Flags]:
    """The ways that rows take through one tree, and the nodes where they come to rest."""
    taken = np.zeros(WAYS * len(shape.axes), dtype=np.bool_)
    rest = np.zeros(len(shape.axes), dtype=np.bool_)
    steps = Steps.of(grid, shape)
    at = np.zeros(places.shape[1], dtype=np.int64)
    rows = np.arange(places.shape[1])
    while len(rows):
        inner = steps.axes[at] >= 0
        rest[at[~inner]] = True
        at, rows = at[inner], rows[inner]
        way = steps.ways(at, places[steps.axes[at], rows])
        taken[WAYS * at + way] = True
        at = steps.next_nodes(at, way)
    return taken, rest


@dataclass(frozen=True, slots=True)
class Steps:
    """A tree as arrays, to walk many rows at once."""

    axes: NDArray[np.int64]
    bounds: NDArray[np.int64]
    default_left: Flags
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    offsets: NDArray[np.int64]
    table: NDArray[np.int8]
    """For the splits without a bound, the way of each bit of their axis, one after another."""

    @classmethod
    def of(cls, grid: Grid, shape: Shape) -> Steps:
        """Copy a tree into arrays."""
        offsets = np.zeros(len(shape.axes), dtype=np.int64)
        table: list[int] = []
        for node in shape.members:
            offsets[node] = len(table)
            count = grid.axes[shape.axes[node]].count + 1
            table += [shape.way(node, bit) for bit in range(count)]
        return cls(
            axes=np.array(shape.axes, dtype=np.int64),
            bounds=np.array(shape.bounds, dtype=np.int64),
            default_left=np.array(shape.default_left, dtype=np.bool_),
            left=np.array(shape.left, dtype=np.int64),
            right=np.array(shape.right, dtype=np.int64),
            offsets=offsets,
            table=np.array(table or [0], dtype=np.int8),
        )

    def ways(self, at: NDArray[np.int64], places: NDArray[np.int32]) -> NDArray[np.int64]:
        """The side that each row takes at its node."""
        bounds = self.bounds[at]
        ways = np.where(places == 0, LOST, np.where(places <= bounds, LEFT, RIGHT))
        among = bounds == NO_BOUND
        if among.any():
            ways[among] = self.table[self.offsets[at[among]] + places[among]]
        return ways

    def next_nodes(self, at: NDArray[np.int64], ways: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where those sides lead."""
        left = np.where(ways == LOST, self.default_left[at], ways == LEFT)
        return np.where(left, self.left[at], self.right[at])
