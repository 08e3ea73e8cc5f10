"""FunctionTransformer with a function of NumPy that has a meaning in SQL; other code is refused."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import require_finite, to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.scaling import MISSING, clipped, mapped
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Expr,
    Function,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.types import DType

FUNCTION_TRANSFORMER = "sklearn.preprocessing.FunctionTransformer"

Maker = Callable[[Expr], Expr]


def _sign(value: Expr) -> Expr:
    not_above = Branch(
        value, Threshold(Comparison.LE, 0.0), number(0.0), number(1.0), missing=MISSING
    )
    return Branch(value, Threshold(Comparison.LT, 0.0), number(-1.0), not_above, missing=MISSING)


def _called(function: Function) -> Maker:
    return lambda value: Call(function, value)


FUNCTIONS: dict[Any, Maker] = {
    np.log: _called(Function.LOG),
    np.log1p: _called(Function.LOG1P),
    np.log2: _called(Function.LOG2),
    np.log10: _called(Function.LOG10),
    np.sqrt: _called(Function.SQRT),
    np.exp: _called(Function.NUMPY_EXP),
    np.expm1: _called(Function.EXPM1),
    np.square: lambda value: Binary(BinaryOp.MULTIPLY, value, value),
    np.reciprocal: lambda value: Binary(BinaryOp.DIVIDE, number(1.0), value),
    np.absolute: lambda value: Unary(UnaryOp.ABSOLUTE, value),
    np.fabs: lambda value: Unary(UnaryOp.ABSOLUTE, value),
    abs: lambda value: Unary(UnaryOp.ABSOLUTE, value),
    np.negative: lambda value: Unary(UnaryOp.NEGATE, value),
    np.positive: lambda value: value,
    np.sign: _sign,
}
"""By the function itself: a name can be anyone's."""
OF_INTEGERS = {np.absolute, np.fabs, np.negative, np.square, np.reciprocal, abs}
"""On integers these wrap around, or divide as integers do."""
KEEP_ZERO = {np.log1p, np.sqrt, np.expm1, np.absolute, abs, np.negative, np.sign, np.positive}
"""What a sparse matrix can be given to."""
BOUNDS = ("a_min", "min"), ("a_max", "max")


@TRANSFORMERS.reads(FUNCTION_TRANSFORMER)
def read_function_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """One function of every column, or the columns as they are."""
    if step.validate:
        frame = replace(frame, requirements=(*frame.requirements, *require_finite(frame)))
    if is_identity(step):
        return frame
    make = _maker(step)
    for feature in frame.features:
        _require_plain_number(step, feature)
    if frame.sparse and step.func not in KEEP_ZERO:
        raise _refused(step, "does not work on the sparse matrix that reaches it")
    return mapped(frame, lambda feature, _: make(to_number(feature)))


def is_identity(step: Any) -> bool:
    """Whether a FunctionTransformer hands its columns on as they are."""
    return step.func is None


def _maker(step: Any) -> Maker:
    function, arguments = step.func, dict(step.kw_args or {})
    if isinstance(function, functools.partial):
        if function.args:
            raise _refused(step, "is given arguments by position")
        arguments = {**function.keywords, **arguments}
        function = function.func
    if function is np.clip:
        return _clipper(step, arguments)
    make = FUNCTIONS.get(function) if _is_hashable(function) else None
    if make is None:
        raise _refused(step, "is Python code")
    if arguments:
        raise _refused(step, f"is called with {', '.join(sorted(arguments))}")
    return make


def _is_hashable(function: Any) -> bool:
    return callable(getattr(function, "__hash__", None))


def _clipper(step: Any, arguments: dict[str, Any]) -> Maker:
    known = {name for names in BOUNDS for name in names}
    given = [next((arguments[n] for n in names if n in arguments), None) for names in BOUNDS]
    plain = all(bound is None or isinstance(bound, int | float | np.number) for bound in given)
    if not arguments.keys() <= known or not plain:
        raise _refused(step, "has bounds that are not one number each")
    low, high = (None if bound is None else float(bound) for bound in given)
    return lambda value: _clipped(value, low, high)


def _clipped(value: Expr, low: float | None, high: float | None) -> Expr:
    # With one bound NumPy takes maximum() or minimum(), which prefer the bound among the two zeros.
    match low, high:
        case float(), float():
            return clipped(value, low, high)
        case float(), None:
            return Branch(value, Threshold(Comparison.LE, low), number(low), value, MISSING)
        case None, float():
            return Branch(value, Threshold(Comparison.LT, high), value, number(high), MISSING)
        case _:
            return value


def _require_plain_number(step: Any, feature: Feature) -> None:
    wraps = feature.dtype is DType.INT64 and step.func in OF_INTEGERS
    if feature.dtype is DType.BOOL or wraps:
        raise UnsupportedModelError(
            f"FunctionTransformer calls {_name(step)} on the {feature.dtype} column "
            f"{feature.name!r}, which NumPy does in another arithmetic",
            hint="declare the column float64",
        )


def _name(step: Any) -> str:
    function = step.func
    if isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", repr(function)))


def _refused(step: Any, why: str) -> UnsupportedModelError:
    names = sorted({getattr(function, "__name__", "") for function in FUNCTIONS} | {"clip"})
    return UnsupportedModelError(
        f"FunctionTransformer calls {_name(step)}, which {why}",
        hint=f"use NumPy's {', '.join(names)}, or compute the column before the pipeline",
    )
