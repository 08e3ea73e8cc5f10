"""The types of inputs and outputs; a list type is only ever an output's."""

from __future__ import annotations

import enum
from dataclasses import dataclass

Scalar = bool | int | float | str | None
"""A Python value of one cell; None is missing, and so is NaN where the type is a float."""


class DType(enum.StrEnum):
    """The type of one value."""

    BOOL = "bool"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    TEXT = "text"

    @property
    def is_float(self) -> bool:
        """Whether NaN is a value of this type, so that missing has two spellings."""
        return self in (DType.FLOAT32, DType.FLOAT64)


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of values of one type, such as the probabilities in `classes_` order."""

    item: DType


Type = DType | ListType


@dataclass(frozen=True, slots=True)
class Field:
    """A named input column."""

    name: str
    dtype: DType
    nullable: bool = True
