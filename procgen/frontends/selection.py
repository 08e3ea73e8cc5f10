"""Selectors keep some of their columns: whichever test chose them, the choice is made.

RFE and RFECV predict as well, with the estimator that they trained on the chosen columns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.registry import (
    ESTIMATORS,
    TRANSFORMERS,
    Frame,
    Scope,
    Scores,
    read_estimator,
)

SELECTORS = (
    "sklearn.feature_selection.GenericUnivariateSelect",
    "sklearn.feature_selection.SelectFdr",
    "sklearn.feature_selection.SelectFpr",
    "sklearn.feature_selection.SelectFromModel",
    "sklearn.feature_selection.SelectFwe",
    "sklearn.feature_selection.SelectKBest",
    "sklearn.feature_selection.SelectPercentile",
    "sklearn.feature_selection.SequentialFeatureSelector",
    "sklearn.feature_selection.VarianceThreshold",
)
ELIMINATORS = ("sklearn.feature_selection.RFE", "sklearn.feature_selection.RFECV")


@TRANSFORMERS.reads(*SELECTORS, *ELIMINATORS)
def read_selector(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The columns that were chosen; what is demanded is demanded of the others as well."""
    # Where NaN is let pass, inf is as well.
    if not _skips_check(step) and not accepts_missing(step):
        frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    return replace(frame, features=tuple(frame.features[place] for place in chosen_columns(step)))


@ESTIMATORS.reads(*ELIMINATORS)
def read_eliminator(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The estimator inside, on the chosen columns."""
    return read_estimator(model.estimator_, read_selector(model, frame, scope), scope)


def chosen_columns(step: Any) -> list[int]:
    """Positions of the columns that a selector keeps, in order."""
    return [int(place) for place in step.get_support(indices=True)]


def accepts_missing(step: Any) -> bool:
    """Whether the input check of a step lets NaN pass."""
    try:
        from sklearn.utils import get_tags  # noqa: PLC0415 - it is optional
    except ImportError:  # until scikit-learn 1.5 tags were a method
        return bool(step._get_tags()["allow_nan"])  # noqa: SLF001
    return bool(get_tags(step).input_tags.allow_nan)


def _skips_check(step: Any) -> bool:
    """Whether the step is set to give DataFrames, which it then does not look into."""
    from sklearn.utils._set_output import _get_output_config  # noqa: PLC0415 - it is optional

    return bool(_get_output_config("transform", estimator=step)["dense"] != "default")
