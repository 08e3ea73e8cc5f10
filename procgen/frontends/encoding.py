"""OneHotEncoder and OrdinalEncoder as tables from a category to a number.

A missing value is a category of its own where the training rows had one, else it is an unseen one.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.categories import Categories, comparable, read_categories
from procgen.frontends.demands import LARGEST_DOUBLE, demand, in_range
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.wants import Want, wants
from procgen.ir.expressions import Case, Constant, Match, Membership, number
from procgen.ir.program import Requirement
from procgen.ir.types import DType

MISSING = Constant(None, DType.FLOAT64)


@wants("sklearn.preprocessing.OneHotEncoder", "sklearn.preprocessing.OrdinalEncoder")
def read_wants(step: Any, count: int) -> tuple[Want, ...]:  # noqa: ARG001 - the encoder knows it
    """Columns of the types of the categories."""
    return tuple(categories.want for categories in read_all_categories(step))


def read_all_categories(step: Any) -> tuple[Categories, ...]:
    """The categories of each column of an encoder."""
    return tuple(
        read_categories(column, f"column {index} of {type(step).__name__}")
        for index, column in enumerate(step.categories_)
    )


@TRANSFORMERS.reads("sklearn.preprocessing.OrdinalEncoder")
def read_ordinal_encoder(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """One column of codes for each column."""
    _require_wide_type(step)
    learned = read_all_categories(step)
    features = tuple(
        Feature(_ordinal(step, index, feature, categories), DType.FLOAT64, feature.name)
        for index, (feature, categories) in enumerate(zip(frame.features, learned, strict=True))
    )
    return replace(_demand_known(step, frame, learned), features=features, sparse=False)


def _ordinal(step: Any, index: int, feature: Feature, categories: Categories) -> Match:
    subject, values = comparable(feature, categories)
    groups = _groups(step, index)
    unknown = MISSING
    if step.handle_unknown == "use_encoded_value":
        unknown = _code(step.unknown_value, step)
    cases = tuple(
        Case(value, _code(code if groups is None else groups[code], step))
        for value, (_, code) in zip(values, categories.codes, strict=True)
    )
    missing = unknown
    if categories.missing is not None:
        # None is a category like any other here; only NaN has an encoding of its own.
        missing = _code(step.encoded_missing_value, step)
        if categories.none_is_missing:
            place = categories.missing
            missing = _code(place if groups is None else groups[place], step)
    return Match(subject, cases, unknown, missing)


def _code(value: Any, step: Any) -> Constant:
    code = float(np.asarray(value).astype(step.dtype))
    return MISSING if math.isnan(code) else number(code)


@TRANSFORMERS.reads("sklearn.preprocessing.OneHotEncoder")
def read_one_hot_encoder(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """A column of 1.0 and 0.0 for each category, or for each group of rare ones."""
    _require_wide_type(step)
    learned = read_all_categories(step)
    features = tuple(
        hot
        for index, (feature, categories) in enumerate(zip(frame.features, learned, strict=True))
        for hot in _one_hot(step, index, feature, categories)
    )
    demanded = _demand_known(step, frame, learned)
    return replace(demanded, features=features, sparse=bool(step.sparse_output))


def _one_hot(step: Any, index: int, feature: Feature, categories: Categories) -> list[Feature]:
    subject, values = comparable(feature, categories)
    columns, unknown = _columns(step, index)
    width = 1 + max((column for column in (*columns, unknown) if column is not None), default=-1)
    missing = unknown if categories.missing is None else columns[categories.missing]
    placed = [
        (value, columns[code]) for value, (_, code) in zip(values, categories.codes, strict=True)
    ]
    members: list[list[Any]] = [[] for _ in range(width)]
    for value, column in placed:
        if column is not None:
            members[column].append(value)
    tables = []
    # A table lists its own categories, and that of the unseen ones all others: what goes where an
    # unseen one goes (the dropped category, or infrequent ones) is in none, but it is known.
    unlisted = [value for value, own in placed if own == unknown]
    for column in range(width):
        otherwise = 1.0 if column == unknown else 0.0
        if column == unknown:
            listed = [value for value, own in placed if own != column]
        else:
            listed = members[column]
        cases = [Case(value, number(1.0 - otherwise)) for value in listed]
        if column == width - 1:
            cases += (Case(value, number(otherwise)) for value in unlisted)
        when_missing = number(1.0 if column == missing else 0.0)
        tables.append(Match(subject, tuple(cases), number(otherwise), when_missing))
    return [
        Feature(table, DType.FLOAT64, f"{feature.name}_{column}")
        for column, table in enumerate(tables)
    ]


def _columns(step: Any, index: int) -> tuple[list[int | None], int | None]:
    """The output column of each code, and of an unseen category; None is a row of zeros."""
    groups = _groups(step, index)
    size = len(step.categories_[index])
    columns: list[int | None] = list(range(size)) if groups is None else list(groups)
    unknown = _group_of_unseen(step, index)
    dropped = step._drop_idx_after_grouping  # noqa: SLF001 - drop_idx_ is from before grouping
    if dropped is None or dropped[index] is None:
        return columns, unknown
    gone = int(dropped[index])
    return [_without(column, gone) for column in columns], _without(unknown, gone)


def _without(column: int | None, gone: int) -> int | None:
    if column is None or column == gone:
        return None
    return column - 1 if column > gone else column


def _groups(step: Any, index: int) -> list[int] | None:
    """The code of each category after the infrequent ones became one, the last."""
    if not step._infrequent_enabled:  # noqa: SLF001 - the public names give values, not codes
        return None
    mapping = step._default_to_infrequent_mappings[index]  # noqa: SLF001
    return None if mapping is None else [int(code) for code in mapping]


def _group_of_unseen(step: Any, index: int) -> int | None:
    """The group that an unseen category belongs to; None where it belongs to none."""
    # Up to scikit-learn 1.7 handle_unknown='warn' forgets this group, so the encoder is asked.
    codes = np.zeros((1, len(step.categories_)), dtype=int)
    is_known = np.zeros(codes.shape, dtype=bool)
    step._map_infrequent_categories(codes, is_known, None)  # noqa: SLF001
    return int(codes[0, index]) if is_known[0, index] else None


def _demand_known(step: Any, frame: Frame, learned: tuple[Categories, ...]) -> Frame:
    columns = zip(frame.features, learned, strict=True)
    return demand(frame, (_known(step, feature, categories) for feature, categories in columns))


def _known(step: Any, feature: Feature, categories: Categories) -> Requirement | None:
    if step.handle_unknown == "error":
        subject, values = comparable(feature, categories)
        accepts_missing = categories.missing is not None
        reason = "a category that the encoder has not seen"
        return Requirement(subject, Membership(values), accepts_missing, reason)
    if categories.is_array_of_floats:
        return in_range(feature, LARGEST_DOUBLE, accepts_missing=True)
    return None


def _require_wide_type(step: Any) -> None:
    dtype = np.dtype(step.dtype)
    if dtype.kind not in "biuf" or dtype in (np.float16, np.float32):
        raise UnsupportedModelError(
            f"{type(step).__name__} has dtype={dtype}, in which later steps round differently",
            hint="train with dtype=numpy.float64",
        )
