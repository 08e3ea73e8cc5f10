"""What models made of other models want of the raw columns: what the models inside want."""

from __future__ import annotations

from typing import Any

from procgen.frontends import calibration, multiclass, multioutput, searching, stacking, targets
from procgen.frontends import voting as voters
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import inner_models
from procgen.frontends.wants import ANYTHING, Want, wants, wants_of

SAME_COLUMNS = (
    *searching.SEARCHES,
    calibration.NAME,
    multiclass.ONE_VS_REST,
    multiclass.OUTPUT_CODE,
    multioutput.CLASSIFIER,
    multioutput.REGRESSOR,
    searching.FIXED,
    searching.FROZEN,
    searching.TUNED,
    targets.NAME,
    voters.CLASSIFIER,
    voters.REGRESSOR,
)
"""Classes that hand their columns on untouched to every model inside."""


@wants(*SAME_COLUMNS)
def read_wants(model: Any, count: int) -> tuple[Want, ...]:
    """The first model that wants something of a column decides."""
    return _first_wants(inner_models(model), count)


@wants(stacking.CLASSIFIER, stacking.REGRESSOR)
def read_stacked_wants(model: Any, count: int) -> tuple[Want, ...]:
    """The same; the last model sees scores."""
    return _first_wants(model.estimators_, count)


def _first_wants(models: list[Any], count: int) -> tuple[Want, ...]:
    wanted = [ANYTHING] * count
    for model in models:
        for place, want in enumerate(wants_of(model, count)):
            if wanted[place] == ANYTHING:
                wanted[place] = want
    return tuple(wanted)


@COLUMNS.reads("sklearn.isotonic.IsotonicRegression")
def read_columns(model: Any) -> tuple[int, tuple[str, ...] | None]:
    """One column, whose name scikit-learn does not keep."""
    names = getattr(model, "feature_names_in_", None)
    return 1, None if names is None else tuple(str(name) for name in names)
