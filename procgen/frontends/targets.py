"""TransformedTargetRegressor: the regressor's answer is the margin, its inverse the prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.inner_demands import demand_finite, on_columns
from procgen.frontends.parts import predictions, read_part, scored
from procgen.frontends.registry import (
    ESTIMATORS,
    INNER_MODELS,
    Frame,
    Scope,
    Scores,
    class_name,
)
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Element,
    Expr,
    Function,
    Reference,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType, Type

NAME = "sklearn.compose.TransformedTargetRegressor"
Inverse = Callable[[Expr, int], Expr]
"""From the regressor's answer for one target, and which target that is, to the prediction."""
INVERSES: dict[np.ufunc, Callable[[Expr], Expr]] = {
    np.exp: lambda value: Call(Function.NUMPY_EXP, value),
    np.expm1: lambda value: Call(Function.EXPM1, value),
    np.log: lambda value: Call(Function.LOG, value),
    np.log1p: lambda value: Call(Function.LOG1P, value),
    np.sqrt: lambda value: Call(Function.SQRT, value),
    np.square: lambda value: Binary(BinaryOp.MULTIPLY, value, value),
    np.negative: lambda value: Unary(UnaryOp.NEGATE, value),
}


@INNER_MODELS.reads(NAME)
def target_regressor(model: Any) -> list[Any]:
    """The regressor of the transformed target."""
    return [model.regressor_]


@ESTIMATORS.reads(NAME)
def read_transformed_target(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The regressor's own link, if it has one, is applied before the inverse."""
    part, carried = read_part(model.regressor_, frame, scope.inside("regressor"))
    values = predictions(part)
    inverse, checks = _inverse(model.transformer_)
    single = len(values) == 1
    kind: Type = DType.FLOAT64 if single else ListType(DType.FLOAT64)
    margin = Reference(scope.name(OutputName.MARGIN))
    margins: list[Expr] = (
        [margin] if single else [Element(margin, place) for place in range(len(values))]
    )
    inverted = [inverse(value, place) for place, value in enumerate(margins)]
    if checks:
        carried = demand_finite(carried, values)
    answers = (
        (OutputName.MARGIN, kind, values[0] if single else Vector(tuple(values))),
        (OutputName.PREDICT, kind, inverted[0] if single else Vector(tuple(inverted))),
    )
    return on_columns(scored(carried, scope, answers, exact=part.scores.exact))


def _inverse(transformer: Any) -> tuple[Inverse, bool]:
    """The inverse, and whether scikit-learn demands that what it inverts is finite."""
    match class_name(transformer):
        case "sklearn.preprocessing.FunctionTransformer":
            return _of_function(transformer), bool(transformer.validate)
        case "sklearn.preprocessing.StandardScaler":
            return _of_standard_scaler(transformer), False
        case "sklearn.preprocessing.MinMaxScaler":
            return _of_min_max_scaler(transformer), False
        case name:
            raise UnsupportedModelError(
                f"TransformedTargetRegressor inverts {name}, which no front-end reads",
                hint="use func and inverse_func, StandardScaler or MinMaxScaler",
            )


def _of_function(transformer: Any) -> Inverse:
    function = transformer.inverse_func
    if function is None:
        return lambda value, _: value
    if not isinstance(function, np.ufunc) or function not in INVERSES:
        name = getattr(function, "__name__", repr(function))
        known = ", ".join(f"np.{ufunc.__name__}" for ufunc in INVERSES)
        raise UnsupportedModelError(
            f"TransformedTargetRegressor inverts with {name}, which is Python code",
            hint=f"use one of {known}",
        )
    invert = INVERSES[function]
    return lambda value, _: invert(value)


def _of_standard_scaler(transformer: Any) -> Inverse:
    def invert(value: Expr, place: int) -> Expr:
        if transformer.with_std:
            value = Binary(BinaryOp.MULTIPLY, value, number(float(transformer.scale_[place])))
        if transformer.with_mean:
            value = Binary(BinaryOp.ADD, value, number(float(transformer.mean_[place])))
        return value

    return invert


def _of_min_max_scaler(transformer: Any) -> Inverse:
    if transformer.clip:
        raise UnsupportedModelError(
            "TransformedTargetRegressor inverts a MinMaxScaler with clip=True",
            hint="train it with clip=False",
        )

    def invert(value: Expr, place: int) -> Expr:
        shifted = Binary(BinaryOp.SUBTRACT, value, number(float(transformer.min_[place])))
        return Binary(BinaryOp.DIVIDE, shifted, number(float(transformer.scale_[place])))

    return invert
