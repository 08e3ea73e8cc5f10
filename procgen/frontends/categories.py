"""The categories that an encoder learned of one column: type, codes, and the missing one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import INT64_RANGE, LABEL_TYPES, plain, to_number
from procgen.frontends.registry import Feature
from procgen.frontends.wants import Want
from procgen.ir.expressions import Expr
from procgen.ir.types import DType, Scalar


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories of one column.

    Attributes:
        dtype: the type of the values; None where only a missing value was seen.
        codes: each category that is not missing, with its position in `categories_`.
        missing: the position of the missing category, or None where a missing value is unseen.
        none_is_missing: whether the missing category is None and not NaN.
        is_array_of_floats: whether scikit-learn checks the column for inf.
    """

    dtype: DType | None
    codes: tuple[tuple[Scalar, int], ...]
    missing: int | None
    none_is_missing: bool
    is_array_of_floats: bool

    @property
    def want(self) -> Want:
        """What the encoder wants of the column."""
        return Want(self.dtype, self.none_is_missing)


def read_categories(column: np.ndarray, place: str) -> Categories:
    """Read one entry of an encoder's `categories_`; `place` names it in an error.

    Raises:
        UnsupportedModelError: categories of several types, or two spellings of missing.
    """
    values = [plain(value) for value in column]
    codes = tuple((value, code) for code, value in enumerate(values) if not _is_missing(value))
    missing = [code for code, value in enumerate(values) if _is_missing(value)]
    if len(missing) > 1:
        raise UnsupportedModelError(
            f"{place} has both None and NaN as categories, and a database has one NULL",
            hint="train with one of them",
        )
    dtype = _type_of([value for value, _ in codes], place)
    none_is_missing = bool(missing) and values[missing[0]] is None
    if none_is_missing and dtype is DType.FLOAT64:
        raise UnsupportedModelError(
            f"{place} has None among numbers", hint="train with NaN for missing numbers"
        )
    return Categories(
        dtype=dtype,
        codes=codes,
        missing=missing[0] if missing else None,
        none_is_missing=none_is_missing,
        is_array_of_floats=column.dtype.kind == "f",
    )


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _type_of(values: list[Any], place: str) -> DType | None:
    kinds = {type(value) for value in values}
    if not kinds:
        return None
    if len(kinds) > 1 or not kinds <= LABEL_TYPES.keys():
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise UnsupportedModelError(
            f"{place} has categories of the types {names}",
            hint="train with text, integers, booleans or floats, one of them a column",
        )
    if any(type(value) is int and value not in INT64_RANGE for value in values):
        raise UnsupportedModelError(
            f"{place} has a category that does not fit in 64 bits", hint="train with text"
        )
    return LABEL_TYPES[kinds.pop()]


def comparable(feature: Feature, categories: Categories) -> tuple[Expr, tuple[Scalar, ...]]:
    """What to compare with what: the feature, and the categories in its type.

    Raises:
        UnsupportedModelError: the column is text and the categories are not, or the reverse.
    """
    values = tuple(value for value, _ in categories.codes)
    if categories.dtype in (None, feature.dtype):
        return feature.expr, values
    if DType.TEXT in (categories.dtype, feature.dtype):
        raise UnsupportedModelError(
            f"the column {feature.name!r} is {feature.dtype}, and the encoder's categories are"
            f" {categories.dtype}",
            hint="declare the type that the column had in training",
        )
    return to_number(feature), tuple(float(value) for value in values if value is not None)
