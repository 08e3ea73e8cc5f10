"""A lowered Program's inputs cut into cells that no test of its trees tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from procgen.backends.duckdb import DUCKDB
from procgen.ir.expressions import (
    Column,
    Expr,
    Test,
    Threshold,
)
from procgen.ir.interpreter import Row, Value, bind, evaluate, meets
from procgen.ir.program import Program, Requirement
from procgen.ir.trees import Ensemble, Split, Tree, splits_of
from procgen.ir.typing import Typing
from procgen.passes import lower
from procgen.verify.axes import MISSING, Axis, Cutter, Places
from procgen.verify.mutants import other_tests
from procgen.verify.projecting import Projection, column_of, is_sum_of_trees
from procgen.verify.shapes import NO_BOUND, Shape


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
        """Cut what a Program tests into cells.

        Args:
            program: lowered or not.
            sharp: cut so finely that a threshold that is off by one number tells no cell apart.
        """
        return _Builder(lower(program, DUCKDB.target), sharp=sharp).grid()

    @property
    def is_free(self) -> bool:
        """Whether trees test nothing but inputs, and nothing but inputs is demanded."""
        return not self.demands and all(axis.is_column for axis in self.axes)

    def cells(self, feature: Expr, test: Test) -> tuple[int, int]:
        """The cells in which a test on a feature holds, and those in which it is missing."""
        for axis in self.axes:
            if axis.subject == feature:
                return axis.passing(test), MISSING
        column = column_of(feature)
        axis = next(axis for axis in self.axes if axis.subject == column)
        return Projection.of(feature, test, axis).cells(axis)

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
        if not self.demands:
            return kept
        return [row for row in kept if all(meets(demand, row) for demand in self.demands)]


class _Builder:
    """Cuts one lowered Program."""

    def __init__(self, program: Program, *, sharp: bool) -> None:
        self._program = program
        self._sharp = sharp
        self._typing = Typing.of(program)
        self._cutters: dict[Expr, Cutter] = {}
        self._columns: dict[Expr, Expr] = {}
        self._projections: dict[tuple[Expr, Test], Projection] = {}
        for field in program.inputs:
            column = Column(field.name)
            self._cutters[column] = Cutter(column, field.dtype, field.nullable)

    def grid(self) -> Grid:
        for _, ensemble in self._ensembles():
            for feature, test in _tests(ensemble):
                self._cut(ensemble.features[feature], test)
        others = [r for r in self._program.requirements if not self._demand(r)]
        axes = {subject: cutter.axis() for subject, cutter in self._cutters.items()}
        numbers = {subject: number for number, subject in enumerate(axes)}
        shapes = tuple(
            shape
            for name, ensemble in self._ensembles()
            for shape in self._shapes(name, ensemble, axes, numbers)
        )
        return Grid(self._program, tuple(axes.values()), shapes, tuple(others))

    def _ensembles(self) -> Iterator[tuple[str, Ensemble]]:
        for binding in self._program.bindings:
            if isinstance(binding.value, Ensemble):
                yield binding.name, binding.value

    def _cut(self, feature: Expr, test: Test) -> None:
        axis = self._axis(feature)
        dtype = self._typing.item_type(feature)
        for one in (test, *(other_tests(test, dtype) if self._sharp else ())):
            if axis == feature:
                self._cutters[axis].cut(one)
                continue
            projection = Projection.of(feature, one, self._cutters[axis])
            self._projections[feature, one] = projection
            for end in projection.ends:
                self._cutters[axis].after(end)
            for text in projection.texts:
                self._cutters[axis].single(text)

    def _axis(self, feature: Expr) -> Expr:
        """What is cut for a feature: a column where it depends on nothing else, or itself."""
        if feature not in self._columns:
            self._columns[feature] = column_of(feature) or feature
        subject = self._columns[feature]
        if subject not in self._cutters:
            dtype = self._typing.item_type(subject)
            may_be_missing = not is_sum_of_trees(self._program, subject)
            self._cutters[subject] = Cutter(subject, dtype, may_be_missing)
        return subject

    def _demand(self, requirement: Requirement) -> bool:
        """Whether the requirement is about an axis, which then has only the cells that meet it."""
        cutter = self._cutters.get(requirement.subject)
        if cutter is None:
            return False
        cutter.cut(requirement.test)
        cutter.demands.append(requirement)
        return True

    def _shapes(
        self, name: str, ensemble: Ensemble, axes: dict[Expr, Axis], numbers: dict[Expr, int]
    ) -> Iterator[Shape]:
        known: dict[tuple[int, Test], _Cells] = {}
        for place, test in _tests(ensemble):
            feature = ensemble.features[place]
            subject = self._columns[feature]
            axis, number = axes[subject], numbers[subject]
            if subject != feature:
                passing, lost = self._projections[feature, test].cells(axis)
                known[place, test] = _Cells(number, NO_BOUND, passing, lost)
            elif isinstance(test, Threshold):
                known[place, test] = _Cells(number, axis.last_bit(test), 0, MISSING)
            else:
                known[place, test] = _Cells(number, NO_BOUND, axis.passing(test), MISSING)
        for number, tree in enumerate(ensemble.trees):
            yield _shape(name, number, tree, known)


@dataclass(frozen=True, slots=True)
class _Cells:
    axis: int
    bound: int
    passing: int
    lost: int


def _tests(ensemble: Ensemble) -> Iterator[tuple[int, Test]]:
    yield from dict.fromkeys((node.feature, node.test) for node in splits_of(ensemble.trees))


def _shape(name: str, number: int, tree: Tree, known: dict[tuple[int, Test], _Cells]) -> Shape:
    rows: list[tuple[int, int, bool, int, int]] = []
    members: dict[int, int] = {}
    lost: dict[int, int] = {}
    for place, node in enumerate(tree.nodes):
        if not isinstance(node, Split):
            rows.append((-1, 0, False, place, place))
            continue
        cells = known[node.feature, node.test]
        if cells.bound == NO_BOUND:
            members[place] = cells.passing
            if cells.lost != MISSING:
                lost[place] = cells.lost
        rows.append((cells.axis, cells.bound, node.default_left, node.left, node.right))
    axes, bounds, default_left, left, right = zip(*rows, strict=True)
    return Shape(name, number, tree, axes, bounds, members, lost, default_left, left, right)
