"""What a step wants of the raw columns: their types, and which Python value stands for NULL.

A text column may hold None or NaN where a database holds NULL, and a fitted step knows only one of
them. Numbers have one spelling of missing, NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from procgen.frontends.registry import INPUT_TYPES, Registry
from procgen.ir.types import DType


@dataclass(frozen=True, slots=True)
class Want:
    """What a step wants of one column.

    Attributes:
        dtype: the type that its values were trained with; None is any number.
        none_is_missing: whether None, and not NaN, is the missing value that the step knows.
    """

    dtype: DType | None = None
    none_is_missing: bool = False


ANYTHING = Want()
WANTS = Registry("reader of wants")
ORIGINS = Registry("reader of origins")
"""For a step and its number of columns: for each that leaves it, the place of the one that it is.

It is None where a column is made of others, or is of another type.
"""
WantReader = Callable[[Any, int], tuple[Want, ...]]


def wants(*class_names: str) -> Callable[[WantReader], WantReader]:
    """Register the decorated function for `class_names`, here and in INPUT_TYPES."""

    def register(reader: WantReader) -> WantReader:
        WANTS.reads(*class_names)(reader)
        INPUT_TYPES.reads(*class_names)(_types_read_by(reader))
        return reader

    return register


def _types_read_by(reader: WantReader) -> Callable[[Any, int], tuple[DType | None, ...]]:
    return lambda step, count: tuple(want.dtype for want in reader(step, count))


def wants_of(step: object, count: int) -> tuple[Want, ...]:
    """What a step wants of each of its `count` columns."""
    reader: WantReader | None = WANTS.find(step)
    return (ANYTHING,) * count if reader is None else reader(step, count)


def missing_markers(model: object, count: int) -> tuple[float | None, ...]:
    """For each raw column, the value that Python must be given for NULL: None or NaN."""
    return tuple(None if want.none_is_missing else math.nan for want in wants_of(model, count))
