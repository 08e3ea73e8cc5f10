"""feature-engine's imputers fill some columns with constants, and leave the others as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import plain, to_number
from procgen.frontends.registry import REFUSED, TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.wants import ANYTHING, ORIGINS, Want, wants
from procgen.ir.expressions import Constant, Fill, Match, number
from procgen.ir.types import DType

INDICATOR = "feature_engine.imputation.missing_indicator.AddMissingIndicator"
IMPUTERS = (
    "feature_engine.imputation.arbitrary_number.ArbitraryNumberImputer",
    "feature_engine.imputation.categorical.CategoricalImputer",
    "feature_engine.imputation.end_tail.EndTailImputer",
    "feature_engine.imputation.mean_median.MeanMedianImputer",
)
REFUSED["feature_engine.imputation.random_sample.RandomSampleImputer"] = (
    "fills in values that it draws at random",
    "impute with MeanMedianImputer or CategoricalImputer",
)
REFUSED["feature_engine.imputation.drop_missing_data.DropMissingData"] = (
    "drops rows, and every row of a table gets a score",
    "leave it out of the pipeline",
)


@wants(*IMPUTERS)
def read_wants(step: Any, count: int) -> tuple[Want, ...]:  # noqa: ARG001 - it knows its columns
    """Text where text is filled in."""
    fills = _fills(step)
    is_text = (isinstance(fills.get(name), str) for name in step.feature_names_in_)
    return tuple(Want(DType.TEXT) if text else ANYTHING for text in is_text)


@ORIGINS.reads(*IMPUTERS)
def read_origins(step: Any, count: int) -> tuple[int | None, ...]:  # noqa: ARG001
    """Every column stays in its place."""
    return tuple(range(count))


@ORIGINS.reads(INDICATOR)
def read_indicator_origins(step: Any, count: int) -> tuple[int | None, ...]:
    """Every column stays in its place, and the indicators come behind them."""
    return (*range(count), *[None] * len(step.variables_))


@TRANSFORMERS.reads(*IMPUTERS)
def read_imputer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Each chosen column filled with its constant."""
    fills = _fills(step)
    features = tuple(
        _filled(feature, fills[name]) if name in fills else feature
        for name, feature in zip(step.feature_names_in_, frame.features, strict=True)
    )
    return replace(frame, features=features)


@TRANSFORMERS.reads(INDICATOR)
def read_indicator(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The columns, then 1.0 or 0.0 for each chosen one: whether it is missing."""
    by_name = dict(zip(step.feature_names_in_, frame.features, strict=True))
    flags = (
        Feature(
            Match(by_name[name].expr, (), number(0.0), missing=number(1.0)),
            DType.FLOAT64,
            f"{name}_na",
        )
        for name in step.variables_
    )
    return replace(frame, features=(*frame.features, *flags))


def _fills(step: Any) -> Mapping[Any, Any]:
    return {name: plain(value) for name, value in step.imputer_dict_.items()}


def _filled(feature: Feature, value: Any) -> Feature:
    if isinstance(value, str) != (feature.dtype is DType.TEXT):
        raise UnsupportedModelError(
            f"the {feature.dtype} column {feature.name!r} would be filled with {value!r}",
            hint="declare the type that the column had in training, or fill it with its own type",
        )
    if isinstance(value, str):
        return replace(feature, expr=Fill(feature.expr, Constant(value, DType.TEXT)))
    return Feature(Fill(to_number(feature), number(float(value))), DType.FLOAT64, feature.name)
