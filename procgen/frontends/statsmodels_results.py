"""statsmodels' results: a weighted sum of the columns, and the inverse of the model's link.

A constant column that `add_constant` made is no input: its coefficient is the intercept. Offset and
exposure are left out, as `predict` leaves them out for new rows. A row with a missing or infinite
number is not scored; statsmodels answers NaN, or a limit of its link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.answers import QUESTIONS, Question
from procgen.frontends.linear import grouped, regression, weighted_sum
from procgen.frontends.reading import COLUMNS
from procgen.frontends.refusals import PREDICTIONS
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Expr,
    Function,
    Reference,
    Sum,
    number,
)
from procgen.ir.program import OutputName

RESULTS = (
    "statsmodels.base.elastic_net.RegularizedResultsWrapper",
    "statsmodels.discrete.discrete_model.BinaryResultsWrapper",
    "statsmodels.discrete.discrete_model.L1BinaryResultsWrapper",
    "statsmodels.discrete.discrete_model.L1PoissonResultsWrapper",
    "statsmodels.discrete.discrete_model.NegativeBinomialResultsWrapper",
    "statsmodels.discrete.discrete_model.PoissonResultsWrapper",
    "statsmodels.genmod.generalized_linear_model.GLMResultsWrapper",
    "statsmodels.regression.linear_model.RegressionResultsWrapper",
    "statsmodels.robust.robust_linear_model.RLMResultsWrapper",
)
LINEAR = frozenset({"GLS", "GLSAR", "OLS", "QuantReg", "RLM", "WLS"})
"""Models whose prediction is the sum itself."""
LINKS = {"Logit": "Logit", "NegativeBinomial": "Log", "Poisson": "Log"}
"""The links of models that have only one."""
EXTRA = frozenset({"NegativeBinomial"})
"""Models with a parameter after those of the columns."""


@dataclass(frozen=True, slots=True)
class Design:
    """The columns that a model was trained on: their coefficients, and which one is constant."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    constant: int | None
    value: float

    @classmethod
    def of(cls, results: Any) -> Design:
        """Read the design off the results of a fit.

        Raises:
            UnsupportedModelError: the columns were made by a formula.
        """
        model = results.model
        if hasattr(model, "formula"):
            raise UnsupportedModelError(
                f"this {_kind(results)} was trained from a formula",
                hint="train it on a table of its columns, with add_constant for the intercept",
            )
        extra = int(model.k_extra) if _kind(results) in EXTRA else 0
        weights = np.asarray(results.params, dtype=np.float64).tolist()
        weights = weights[: len(weights) - extra]
        names = tuple(map(str, model.exog_names[: len(weights)]))
        place = model.data.const_idx
        if place is None or names[place] != "const":
            return cls(names, tuple(weights), None, 0.0)
        return cls(names, tuple(weights), place, float(np.asarray(model.exog)[0, place]))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the columns that vary."""
        return tuple(name for place, name in enumerate(self.names) if place != self.constant)

    def table(self, rows: Any) -> np.ndarray:
        """Rows of the inputs as the model takes them.

        Raises:
            ValueError: a number is missing or infinite.
        """
        numbers = np.asarray(rows, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise ValueError("a number is missing or infinite")
        if self.constant is None:
            return numbers
        return np.insert(numbers, self.constant, self.value, axis=1)


def _kind(results: Any) -> str:
    return type(results.model).__name__


@COLUMNS.reads(*RESULTS)
def read_columns(results: Any) -> tuple[int, tuple[str, ...] | None]:
    """The inputs; an array's columns have no names but those that statsmodels makes up."""
    inputs = Design.of(results).inputs
    is_named = hasattr(results.model.data.orig_exog, "columns")
    return len(inputs), inputs if is_named else None


@QUESTIONS.reads(*RESULTS)
def read_questions(results: Any) -> dict[OutputName, Question]:
    """`predict`, and the sum before the link."""
    design = Design.of(results)
    sums: dict[str, str] = {} if _kind(results) in LINEAR else {"which": "linear"}
    return {
        OutputName.PREDICT: lambda model, rows: model.predict(design.table(rows)),
        OutputName.MARGIN: lambda model, rows: model.predict(design.table(rows), **sums),
    }


@PREDICTIONS.reads(*RESULTS)
def predict(results: Any, rows: Any) -> Any:
    """What is asked to tell accepted rows from refused ones."""
    return results.predict(Design.of(results).table(rows))


@ESTIMATORS.reads(*RESULTS, bound=WEIGHTED_SUMS)
def read_results(results: Any, frame: Frame, scope: Scope) -> Scores:
    """A regressor: a model of probabilities predicts the probability."""
    prediction = _inverse(results, Reference(scope.name("margin")))
    return regression(_margin(Design.of(results), frame), prediction, frame, scope)


def _margin(design: Design, frame: Frame) -> Expr:
    """The sum, with the constant among the terms, because BLAS does not add it last."""
    pairs = list(enumerate(design.weights))
    varying = [weight for place, weight in pairs if place != design.constant]
    total = weighted_sum(varying, 0.0, frame)
    if design.constant is None:
        return total
    constant = number(design.weights[design.constant] * design.value)
    return Sum(tuple(grouped([constant, *total.terms[:-1]])))


def _inverse(results: Any, margin: Expr) -> Expr:
    kind = _kind(results)
    if kind in LINEAR:
        return margin
    link = type(results.model.family.link).__name__ if kind == "GLM" else LINKS.get(kind, kind)
    match link:
        case "Identity":
            return margin
        case "Log":
            return Call(Function.EXP, margin)
        case "Logit":
            return Call(Function.EXPIT, margin)
        case "InversePower":
            return Binary(BinaryOp.DIVIDE, number(1.0), margin)
        case "Sqrt":
            return Binary(BinaryOp.MULTIPLY, margin, margin)
        case _:
            raise UnsupportedModelError(
                f"the link {link} of this {kind} has no inverse that databases compute as closely",
                hint="train with the link Identity, Log, Logit, InversePower or Sqrt",
            )
