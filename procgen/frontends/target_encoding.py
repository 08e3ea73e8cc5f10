"""TargetEncoder as a table from a category to a mean; an unseen one gets the mean of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.frontends.categories import Categories, comparable
from procgen.frontends.demands import LARGEST_DOUBLE, demand, in_range
from procgen.frontends.encoding import read_all_categories
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.wants import Want, wants
from procgen.ir.expressions import Case, Match, number
from procgen.ir.types import DType

TARGET_ENCODER = "sklearn.preprocessing.TargetEncoder"


@wants(TARGET_ENCODER)
def read_wants(step: Any, count: int) -> tuple[Want, ...]:  # noqa: ARG001 - the encoder knows it
    """Columns of the types of the categories."""
    return tuple(categories.want for categories in read_all_categories(step))


@TRANSFORMERS.reads(TARGET_ENCODER)
def read_target_encoder(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """One column for each column, or one for each class of it."""
    learned = read_all_categories(step)
    columns = list(zip(frame.features, learned, strict=True))
    demanded = demand(
        frame,
        (
            in_range(feature, LARGEST_DOUBLE, accepts_missing=True)
            for feature, categories in columns
            if categories.is_array_of_floats
        ),
    )
    features = tuple(_encoded(step, columns))
    return replace(demanded, features=features, sparse=False)


def _encoded(step: Any, columns: list[tuple[Feature, Categories]]) -> Iterator[Feature]:
    means = np.atleast_1d(step.target_mean_).tolist()
    for place, encodings in enumerate(step.encodings_):
        feature, categories = columns[place // len(means)]
        table = _table(feature, categories, encodings.tolist(), means[place % len(means)])
        name = feature.name if len(means) == 1 else f"{feature.name}_{place % len(means)}"
        yield Feature(table, DType.FLOAT64, name)


def _table(feature: Feature, categories: Categories, encodings: list[float], mean: float) -> Match:
    subject, values = comparable(feature, categories)
    cases = tuple(
        Case(value, number(encodings[code]))
        for value, (_, code) in zip(values, categories.codes, strict=True)
    )
    missing = mean if categories.missing is None else encodings[categories.missing]
    return Match(subject, cases, number(mean), number(missing))
