"""A lowered Program's trees over the cells of its inputs: tests become comparisons of integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from procgen.backends.duckdb import DUCKDB
from procgen.ir.expressions import Column, Expr, Test, Threshold
from procgen.ir.interpreter import Row, Value, bind, evaluate, meets
from procgen.ir.program import Program, Requirement
from procgen.ir.trees import Ensemble, Split, Tree
from procgen.ir.typing import Typing
from procgen.passes import lower
from procgen.verify.axes import MISSING, Axis, Cutter, Places

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
        default_left: whether a missing value goes left.
    """

    binding: str
    number: int
    tree: Tree
    axes: tuple[int, ...]
    bounds: tuple[int, ...]
    members: dict[int, int]
    default_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    def passing(self, node: int) -> int:
        """The set of cells that go left at a split, but for the missing value."""
        bound = self.bounds[node]
        return (2 << bound) - 2 if bound != NO_BOUND else self.members[node]

    def cells(self, node: int, way: int) -> int:
        """The cells that take one way out of a split, among any others: mask with it."""
        if way == LOST:
            return MISSING
        passing = self.passing(node)
        return passing if way == LEFT else ~passing & ~MISSING

    def path(self, bits: Sequence[int]) -> Iterator[int]:
        """The nodes that a row comes to, given the bit of each axis."""
        node = 0
        while (axis := self.axes[node]) >= 0:
            yield node
            bit, bound = bits[axis], self.bounds[node]
            if bit == 0:
                left = self.default_left[node]
            elif bound != NO_BOUND:
                left = bit <= bound
            else:
                left = bool(self.members[node] >> bit & 1)
            node = self.left[node] if left else self.right[node]
        yield node


@dataclass(frozen=True, slots=True)
class Grid:
    """The axes of a lowered Program, its inputs first, and its trees over them."""

    program: Program
    axes: tuple[Axis, ...]
    shapes: tuple[Shape, ...]
    demands: tuple[Requirement, ...]
    """What is demanded of values that are no axis: only asking each row tells."""

    @classmethod
    def of(cls, program: Program, *, sharp: bool = False) -> Grid:
        """Cut what a Program tests into cells; it need not be lowered yet."""
        lowered = lower(program, DUCKDB.target)
        cutters = _cutters(lowered, sharp=sharp)
        axes = {subject: cutter.axis() for subject, cutter in cutters.items()}
        numbers = {subject: number for number, subject in enumerate(axes)}
        shapes = tuple(
            shape
            for binding in lowered.bindings
            if isinstance(binding.value, Ensemble)
            for shape in _shapes(binding.name, binding.value, axes, numbers)
        )
        others = tuple(r for r in lowered.requirements if r.subject not in axes)
        return cls(lowered, tuple(axes.values()), shapes, others)

    def places(self, rows: Sequence[Row]) -> NDArray[np.int32]:
        """The bit of each value, by axis and row; every row must be one that is scored."""
        found: list[Places] = []
        free = [axis for axis in self.axes if axis.is_column]
        for axis, field in zip(free, self.program.inputs, strict=True):
            found.append(axis.places([row[field.name] for row in rows]))
        bound = [axis.subject for axis in self.axes if not axis.is_column]
        if bound:
            values: list[list[Value]] = [[] for _ in bound]
            for row in rows:
                bindings = bind(self.program, row)
                for column, subject in zip(values, bound, strict=True):
                    column.append(evaluate(subject, row, bindings))
            others = [axis for axis in self.axes if not axis.is_column]
            found += [axis.places(column) for axis, column in zip(others, values, strict=True)]
        return np.array(found, dtype=np.int32).reshape(len(self.axes), len(rows))

    def scored(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are not refused."""
        keeps = np.ones(len(rows), dtype=np.bool_)
        free = [axis for axis in self.axes if axis.is_column]
        for axis, field in zip(free, self.program.inputs, strict=True):
            allowed = np.array([axis.allowed >> bit & 1 for bit in range(axis.count + 1)], np.bool_)
            keeps &= allowed[axis.places([row[field.name] for row in rows])]
        kept = [row for row, keep in zip(rows, keeps.tolist(), strict=True) if keep]
        bound = [r for r in self.program.requirements if not isinstance(r.subject, Column)]
        return [row for row in kept if all(meets(r, row) for r in bound)] if bound else kept


def _cutters(program: Program, *, sharp: bool) -> dict[Expr, Cutter]:
    typing = Typing.of(program)
    nullable: dict[Expr, bool] = {Column(f.name): f.nullable for f in program.inputs}
    cutters: dict[Expr, Cutter] = {}

    def cutter(subject: Expr) -> Cutter:
        if subject not in cutters:
            may_be_missing = nullable.get(subject, True)
            cutters[subject] = Cutter(
                subject, typing.item_type(subject), may_be_missing, sharp=sharp
            )
        return cutters[subject]

    for field in program.inputs:
        cutter(Column(field.name))
    for binding in program.bindings:
        if isinstance(binding.value, Ensemble):
            for feature, test in _tests(binding.value):
                cutter(binding.value.features[feature]).cut(test)
    for requirement in program.requirements:
        if requirement.subject in cutters:
            cutters[requirement.subject].cut(requirement.test)
            cutters[requirement.subject].demands.append(requirement)
    return cutters


def _tests(ensemble: Ensemble) -> Iterator[tuple[int, Test]]:
    splits = (node for tree in ensemble.trees for node in tree.nodes if isinstance(node, Split))
    yield from dict.fromkeys((node.feature, node.test) for node in splits)


def _shapes(
    name: str, ensemble: Ensemble, axes: dict[Expr, Axis], numbers: dict[Expr, int]
) -> Iterator[Shape]:
    known: dict[tuple[int, Test], tuple[int, int]] = {}
    places = [numbers.get(feature, -1) for feature in ensemble.features]
    for feature, test in _tests(ensemble):
        axis = axes[ensemble.features[feature]]
        if isinstance(test, Threshold):
            known[feature, test] = (axis.last_bit(test), 0)
        else:
            known[feature, test] = (NO_BOUND, axis.passing(test))
    for number, tree in enumerate(ensemble.trees):
        yield _shape(name, number, tree, places, known)


def _shape(
    name: str,
    number: int,
    tree: Tree,
    places: Sequence[int],
    known: dict[tuple[int, Test], tuple[int, int]],
) -> Shape:
    rows: list[tuple[int, int, bool, int, int]] = []
    members: dict[int, int] = {}
    for place, node in enumerate(tree.nodes):
        if isinstance(node, Split):
            bound, cells = known[node.feature, node.test]
            if bound == NO_BOUND:
                members[place] = cells
            rows.append((places[node.feature], bound, node.default_left, node.left, node.right))
        else:
            rows.append((-1, 0, False, place, place))
    axes, bounds, default_left, left, right = zip(*rows, strict=True)
    return Shape(name, number, tree, axes, bounds, members, default_left, left, right)
