"""SimpleImputer: fill values, columns that had nothing to learn from, and indicator columns.

What counts as missing is an option: with `missing_values=-1`, NaN is refused and not filled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand, in_range, present
from procgen.frontends.labels import plain, to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.wants import ANYTHING, Want, wants
from procgen.ir.expressions import Branch, Case, Constant, Expr, Fill, Match, Membership, number
from procgen.ir.program import Requirement
from procgen.ir.types import DType, Scalar


@wants("sklearn.impute.SimpleImputer")
def read_wants(step: Any, count: int) -> tuple[Want, ...]:
    """Text or booleans where the fill value is one; integers where the training array held them."""
    kind = step._fit_dtype.kind  # noqa: SLF001 - nothing public keeps the type of the training array
    if kind in "iu":
        return (Want(DType.INT64),) * count
    if kind != "O":
        return (ANYTHING,) * count
    none_is_missing = step.missing_values is None
    types = {str: DType.TEXT, bool: DType.BOOL, int: None, float: None}
    return tuple(Want(types.get(type(plain(s))), none_is_missing) for s in step.statistics_)


@TRANSFORMERS.reads("sklearn.impute.SimpleImputer")
def read_simple_imputer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Each column filled; then, if asked for, whether some of them were missing."""
    requirements = [_demanded(step, feature) for feature in frame.features]
    features = (*_filled_features(step, frame), *_indicators(step, frame))
    return replace(demand(frame, requirements), features=features)


def kept_columns(step: Any) -> tuple[int | None, ...]:
    """For each column that leaves the imputer, the one it was; None for an indicator."""
    kept: list[int | None] = [
        index
        for index, statistic in enumerate(step.statistics_)
        if step.keep_empty_features or not _is_nan(statistic)
    ]
    indicators = len(step.indicator_.features_) if step.add_indicator else 0
    return (*kept, *[None] * indicators)


def fills_null(step: Any) -> bool:
    """Whether NULL is what the imputer fills; it may look for another value instead."""
    missing = step.missing_values
    # pandas.NA is known by its name, so that pandas need not be there.
    return missing is None or type(missing).__name__ == "NAType" or _is_nan(missing)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)


def _demanded(step: Any, feature: Feature) -> Requirement | None:
    fills = fills_null(step)
    if step._fit_dtype.kind == "O" or not feature.dtype.is_float:  # noqa: SLF001
        # scikit-learn looks for inf in arrays of floats only.
        return None if fills else present(feature)
    return in_range(feature, LARGEST_DOUBLE, accepts_missing=fills)


def _filled_features(step: Any, frame: Frame) -> Iterator[Feature]:
    for feature, statistic in zip(frame.features, _statistics(step), strict=True):
        if step.keep_empty_features or not _is_nan(statistic):
            yield _filled(step, feature, statistic)


def _statistics(step: Any) -> list[Any]:
    """The fill values; NaN where a column had no value to learn from."""
    kept = [plain(value) for value in step.statistics_]
    try:
        fill_type = step._fill_dtype  # noqa: SLF001 - the values are cast to it before their use
    except AttributeError:  # until scikit-learn 1.7 they took the type of the array they are put in
        fill_type = step._fit_dtype  # noqa: SLF001
        fill_type = fill_type if fill_type.kind in "iu" else np.dtype(object)
    if fill_type.kind == "O":
        return kept
    return [value if _is_nan(value) else fill_type.type(value).item() for value in kept]


def _filled(step: Any, feature: Feature, statistic: Any) -> Feature:
    dtype = _filled_type(step, feature, statistic)
    expr = feature.expr if dtype is feature.dtype else to_number(feature)
    fill = Constant(float(statistic) if dtype is DType.FLOAT64 else statistic, dtype)
    if fills_null(step):
        return Feature(Fill(expr, fill), dtype, feature.name)
    sought = _sought(step, dtype)
    if sought is None:
        return Feature(expr, dtype, feature.name)
    nothing = Constant(None, dtype)
    return Feature(Branch(expr, Membership((sought,)), fill, expr, nothing), dtype, feature.name)


def _filled_type(step: Any, feature: Feature, statistic: Any) -> DType:
    wanted = {str: DType.TEXT, bool: DType.BOOL}.get(type(statistic))
    if wanted is None and feature.dtype is DType.INT64 and isinstance(statistic, int):
        return DType.INT64
    if wanted is feature.dtype:
        return feature.dtype
    if DType.TEXT in (wanted, feature.dtype):
        raise UnsupportedModelError(
            f"{type(step).__name__} fills the {feature.dtype} column {feature.name!r} with"
            f" {statistic!r}",
            hint="declare the type that the column had in training, or impute text apart",
        )
    return DType.FLOAT64


def _sought(step: Any, dtype: DType) -> Scalar:
    """The value that stands for missing, in the column's type; None if it cannot be there."""
    sought: Any = plain(step.missing_values)
    match dtype, sought:
        case (DType.TEXT, str()) | (DType.BOOL, bool()):
            return str(sought) if dtype is DType.TEXT else bool(sought)
        case (DType.TEXT | DType.BOOL, _) | (_, str()):
            return None
        case DType.INT64, _:
            return int(sought) if float(sought).is_integer() else None
        case _:
            return float(sought)


def _indicators(step: Any, frame: Frame) -> Iterator[Feature]:
    if not step.add_indicator:
        return
    # Beside an array of objects the indicators stay booleans; beside numbers they become numbers.
    is_object = step._fit_dtype.kind == "O"  # noqa: SLF001
    yes = Constant(True, DType.BOOL) if is_object else number(1.0)  # noqa: FBT003 - a literal
    no = Constant(False, DType.BOOL) if is_object else number(0.0)  # noqa: FBT003
    for index in step.indicator_.features_.tolist():
        feature = frame.features[index]
        flag = indicator(step, feature, yes, no)
        yield Feature(flag, yes.dtype, f"missing_{feature.name}")


def indicator(step: Any, feature: Feature, yes: Constant, no: Constant) -> Expr:
    """`yes` where the feature is what the step looks for, else `no`."""
    if fills_null(step):
        return Match(feature.expr, (), no, missing=yes)
    sought = _sought(step, feature.dtype)
    cases = () if sought is None else (Case(sought, yes),)
    return Match(feature.expr, cases, no, missing=no)
