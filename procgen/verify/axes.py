"""Values that trees test, cut into cells: no test tells two values of one cell apart.

A number is cut after the last value that passes each threshold; a text into the categories and any
other text. What a value may be on the way to a node is then a set of cells, kept as the bits of one
integer: bit 0 is the missing value, bit `i + 1` the cell `i`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from procgen.ir.cuts import WHOLE, cut_at
from procgen.ir.domain import UNSEEN
from procgen.ir.expressions import (
    Column,
    Comparison,
    Expr,
    Interval,
    Membership,
    Present,
    Test,
    Threshold,
)
from procgen.ir.interpreter import Value, is_missing, to_float32
from procgen.ir.program import Requirement
from procgen.ir.types import DType, Scalar

MISSING = 1
"""The set of cells that holds nothing but the missing value."""
Number = int | float
Places = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Axis:
    """One value that trees test: a column, or an expression that no pass could pull back to one.

    Attributes:
        subject: the value.
        dtype: its type.
        ends: of numbers, the last value of each cell but the top one, in rising order.
        texts: the categories, one cell each; one more cell holds every other text.
        allowed: the cells that a row may have and still be scored.
    """

    subject: Expr
    dtype: DType
    ends: tuple[Number, ...]
    texts: tuple[str, ...]
    allowed: int
    _cells: dict[object, int] = field(repr=False, compare=False)

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self._cells) + 1

    @property
    def is_column(self) -> bool:
        """Whether a row may be given any value here, whatever its others are."""
        return isinstance(self.subject, Column)

    def passing(self, test: Test) -> int:
        """The set of cells whose values pass."""
        match test:
            case Membership(categories):
                wanted = (in_type(category, self.dtype) for category in categories)
                return sum({2 << self._cell(value) for value in wanted if value is not None})
            case _:
                return (2 << self.last_bit(test)) - 2

    def last_bit(self, test: Threshold) -> int:
        """The bit of the last cell that passes; 0 where no value does."""
        last = cut_at(test.op, test.value, self.dtype)
        return 0 if last is None else self._cell(last) + 1

    def places(self, values: Sequence[Value]) -> Places:
        """The bit of each value."""
        if self.dtype is DType.TEXT:
            other = len(self.texts)
            bits = [0 if v is None else self._cells.get(v, other) + 1 for v in values]
            return np.array(bits, dtype=np.int32)
        kind = np.int64 if self.dtype in WHOLE else np.float64
        lost = [is_missing(value) for value in values]
        known = [0 if gone else value for value, gone in zip(values, lost, strict=True)]
        ends = np.array(self.ends, dtype=kind)
        found = np.searchsorted(ends, np.array(known, dtype=kind), side="left") + 1
        return np.where(lost, 0, found).astype(np.int32)

    def _cell(self, value: object) -> int:
        """The cell of a text, or the one that ends with a number; the largest is no end."""
        found = self._cells.get(value)
        if found is not None:
            return found
        if self.dtype is not DType.TEXT and value != largest(self.dtype):
            raise KeyError(value)
        return len(self._cells)


@dataclass(slots=True)
class Cutter:
    """Gathers the tests of one value, and then cuts it."""

    subject: Expr
    dtype: DType
    may_be_missing: bool
    ends: set[Number] = field(default_factory=set)
    texts: dict[str, None] = field(default_factory=dict)
    demands: list[Requirement] = field(default_factory=list)

    def cut(self, test: Test | Interval | Present) -> None:
        """Cut so that `test` does not tell two values of one cell apart."""
        match test:
            case Membership(categories):
                for category in categories:
                    self._single(category)
            case Interval(low, high):
                self._after(cut_at(Comparison.LT, low, self.dtype))
                self._after(cut_at(Comparison.LE, high, self.dtype))
            case Present():
                pass
            case _:
                self._after(cut_at(test.op, test.value, self.dtype))

    def single(self, text: str) -> None:
        """Give a text a cell of its own."""
        self.texts[text] = None

    def after(self, last: Number) -> None:
        """Cut after a number."""
        self._after(cut_at(Comparison.LE, last, self.dtype))

    def axis(self) -> Axis:
        """The value with all its cells, less those of rows that are refused."""
        keys: Sequence[object]
        ends: tuple[Number, ...] = ()
        if self.dtype is DType.TEXT:
            keys = tuple(self.texts)
        else:
            keys = ends = tuple(sorted(self.ends - {largest(self.dtype)}))
        cells = {key: place for place, key in enumerate(keys)}
        everything = (4 << len(keys)) - 1 - (not self.may_be_missing)
        axis = Axis(self.subject, self.dtype, ends, tuple(self.texts), everything, cells)
        allowed = everything
        for demand in self.demands:
            allowed &= _accepted(axis, demand)
        return Axis(self.subject, self.dtype, ends, tuple(self.texts), allowed, cells)

    def _after(self, last: Number | None) -> None:
        if last is not None:
            self.ends.add(last)

    def _single(self, category: Scalar) -> None:
        """Give one value a cell of its own."""
        value = in_type(category, self.dtype)
        if isinstance(value, str):
            self.texts[value] = None
        elif value is not None:
            self.ends.add(value)
            self._after(cut_at(Comparison.LT, value, self.dtype))


def _accepted(axis: Axis, demand: Requirement) -> int:
    everything = (4 << (axis.count - 1)) - 2
    missing = MISSING if demand.accepts_missing else 0
    match demand.test:
        case Interval(low, high):
            below = axis.passing(Threshold(Comparison.LT, low))
            return missing | (axis.passing(Threshold(Comparison.LE, high)) & ~below)
        case Membership() as members:
            return missing | axis.passing(members)
        case Present():
            return missing | everything


def after(value: Number, dtype: DType) -> Number:
    """The number of the type after one that is not its largest."""
    if dtype in WHOLE:
        return int(value) + 1
    if dtype is DType.FLOAT32:
        return float(np.nextafter(np.float32(value), np.float32(np.inf))) + 0.0
    return math.nextafter(value, math.inf) + 0.0


def unseen(axis: Axis) -> str:
    """A text that is no category."""
    text = UNSEEN
    while text in axis.texts:
        text += "!"
    return text


def largest(dtype: DType) -> Number:
    """The largest value of a type of numbers."""
    return WHOLE[dtype][1] if dtype in WHOLE else math.inf


def in_type(value: Scalar, dtype: DType) -> str | Number | None:
    """A category as a value of the type; None where the type has no such value."""
    if value is None or isinstance(value, str) is not (dtype is DType.TEXT):
        return None
    if isinstance(value, str):
        return value
    if dtype in WHOLE:
        low, high = WHOLE[dtype]
        is_whole = low <= value <= high and value == math.floor(value)
        return int(value) if is_whole else None
    exact = float(value)
    if dtype is DType.FLOAT32 and to_float32(exact) != exact:
        return None
    return exact + 0.0 if exact == value else None
