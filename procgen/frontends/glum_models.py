"""glum's generalized linear models: the logistic link stops short of 0 and 1 by 50 epsilons."""

from __future__ import annotations

import re
import sys
from typing import Any

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends.answers import QUESTIONS, Question
from procgen.frontends.linear import read_margin, regression
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import (
    Branch,
    Call,
    Comparison,
    Expr,
    Function,
    Reference,
    Threshold,
    number,
)
from procgen.ir.program import OutputName

REGRESSORS = ("glum.GeneralizedLinearRegressor", "glum.GeneralizedLinearRegressorCV")
MADE_UP = re.compile(r"_col_\d+")
"""The names that glum gives to columns without one."""
NEAREST = 50 * sys.float_info.epsilon
"""How near to 0 and 1 glum lets a probability come."""


@COLUMNS.reads(*REGRESSORS)
def read_columns(model: Any) -> tuple[int, tuple[str, ...] | None]:
    """The columns in training order.

    Raises:
        UnfittedModelError: it has not been trained.
        UnsupportedModelError: the columns are made of others.
    """
    if not hasattr(model, "coef_"):
        raise UnfittedModelError(
            f"this {type(model).__name__} has not been trained", hint="call fit() first"
        )
    if hasattr(model, "X_model_spec_"):
        raise _made_of_others(model, "was trained from a formula")
    names = tuple(map(str, model.feature_names_))
    if tuple(map(str, model.term_names_)) != names:
        raise _made_of_others(model, "encodes columns of categories itself")
    return len(names), None if all(map(MADE_UP.fullmatch, names)) else names


def _made_of_others(model: Any, what: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"this {type(model).__name__} {what}",
        hint="train it on numbers, and encode categories with OneHotEncoder in a pipeline",
    )


@QUESTIONS.reads(*REGRESSORS)
def read_questions(model: Any) -> dict[OutputName, Question]:  # noqa: ARG001 - as others
    """`predict`, and the sum before the link."""
    return {
        OutputName.PREDICT: lambda model, table: model.predict(table),
        OutputName.MARGIN: lambda model, table: model.linear_predictor(table),
    }


@ESTIMATORS.reads(*REGRESSORS, bound=WEIGHTED_SUMS)
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The link that was chosen by the family in `fit`."""
    read_columns(model)
    prediction = _inverse(model, Reference(scope.name("margin")))
    return regression(read_margin(model, frame), prediction, frame, scope)


def _inverse(model: Any, margin: Expr) -> Expr:
    link = model.link_instance
    match type(link).__name__, getattr(link, "power", None):
        case ("IdentityLink", _) | ("TweedieLink", 0):
            return margin
        case ("LogLink", _) | ("TweedieLink", 1):
            return Call(Function.EXP, margin)
        case "LogitLink", _:
            return _clipped(Call(Function.EXPIT, margin))
        case name, power:
            shown = name if power is None else f"{name}({power})"
            raise UnsupportedModelError(
                f"the link {shown} of this {type(model).__name__} has no inverse that databases "
                "compute as closely",
                hint="train with the link identity, log or logit",
            )


def _clipped(share: Expr) -> Expr:
    low, high = number(NEAREST), number(1.0 - NEAREST)
    within = Branch(share, Threshold(Comparison.LE, 1.0 - NEAREST), share, high, missing=share)
    return Branch(share, Threshold(Comparison.LT, NEAREST), low, within, missing=share)
