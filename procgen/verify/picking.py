"""A row from sets of cells: of each input one value, ordinary where there is a choice."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from procgen.ir.cuts import WHOLE
from procgen.ir.interpreter import Row, to_float32
from procgen.ir.types import DType, Scalar
from procgen.verify.axes import MISSING, Axis, Number, after, unseen
from procgen.verify.grid import Grid

LARGEST_ORDINARY = 1e30
"""Larger numbers are taken only where no other is left."""


@dataclass(frozen=True, slots=True)
class Picker:
    """Picks values from sets of cells: often the first or the last of a cell, where tests turn."""

    grid: Grid
    random: random.Random

    def bit(self, cells: int) -> int:
        """One of the cells; the missing value only where there is no other."""
        present = cells & ~MISSING
        if not present:
            return 0
        lowest, highest = (present & -present).bit_length() - 1, present.bit_length() - 1
        bit = self.random.randint(lowest, highest)
        return bit if present >> bit & 1 else self.random.choice((lowest, highest))

    def like(self, rows: Sequence[Row], allowed: Sequence[int]) -> Row:
        """A row that is one of these but for a few inputs, or another one altogether."""
        fields = self.grid.program.inputs
        other = self.row([self.any_bit(cells) for cells in allowed])
        if not rows or self.random.random() < 0.3:
            return other
        changed = self.random.sample(range(len(fields)), min(len(fields), 2))
        return {
            **self.random.choice(rows),
            **{fields[place].name: other[fields[place].name] for place in changed},
        }

    def any_bit(self, cells: int) -> int:
        """One of the cells; now and then the missing value, where it is among them."""
        is_lost = cells & MISSING and self.random.random() < 0.1
        return 0 if is_lost else self.bit(cells)

    def row(self, bits: Sequence[int]) -> Row:
        """A value for each input, from these cells; inputs are the first axes."""
        fields = self.grid.program.inputs
        return {
            field.name: self.value(axis, bit)
            for field, axis, bit in zip(fields, self.grid.axes, bits, strict=False)
        }

    def value(self, axis: Axis, bit: int) -> Scalar:
        """A value of one cell."""
        if bit == 0:
            return None if not axis.dtype.is_float or self.random.random() < 0.5 else math.nan
        cell = bit - 1
        if axis.dtype is DType.TEXT:
            return axis.texts[cell] if cell < len(axis.texts) else unseen(axis)
        points = cell_values(axis, cell)
        ordinary = [point for point in points if abs(point) < LARGEST_ORDINARY]
        number = self.random.choice(ordinary or points)
        return bool(number) if axis.dtype is DType.BOOL else number


def cell_values(axis: Axis, cell: int) -> tuple[Number, ...]:
    """The first and the last number of a cell, and one or two between them."""
    low, high = first_of(axis, cell), last_of(axis, cell)
    if axis.dtype in WHOLE:
        return tuple(sorted({low, high, (int(low) + int(high)) // 2, *_near(int(low), int(high))}))
    middle = low / 2 + high / 2
    if not math.isfinite(middle):
        middle = _ordinary_between(float(low), float(high))
    points = {float(low), float(high), _rounded(middle, axis.dtype)}
    return tuple(sorted(point for point in points if low <= point <= high))


def first_of(axis: Axis, cell: int) -> Number:
    """The smallest number of a cell."""
    if cell == 0:
        return WHOLE[axis.dtype][0] if axis.dtype in WHOLE else -math.inf
    return after(axis.ends[cell - 1], axis.dtype)


def last_of(axis: Axis, cell: int) -> Number:
    """The largest number of a cell."""
    if cell < len(axis.ends):
        return axis.ends[cell]
    return WHOLE[axis.dtype][1] if axis.dtype in WHOLE else math.inf


def _near(low: int, high: int) -> tuple[int, ...]:
    return tuple(n for n in (0, low + 1, high - 1) if low <= n <= high and abs(n) < 2**53)


def _ordinary_between(low: float, high: float) -> float:
    if low <= 0 <= high:
        return 0.0
    near = low if low > 0 else high
    return near * 2 + math.copysign(1.0, near) if math.isfinite(near) else near


def _rounded(value: float, dtype: DType) -> float:
    return to_float32(value) if dtype is DType.FLOAT32 else value
