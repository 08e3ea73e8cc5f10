"""PowerTransformer as the logarithms and exponentials that SciPy writes it with.

A split on the result is moved to the column with the same functions. Yeo-Johnson then has Python's
bits; Box-Cox is SciPy's own C code, a few units in the last place away, so that a bound applies.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Bound, Feature, Frame, Scope
from procgen.frontends.scaling import MISSING, mapped, standardized
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Comparison,
    Expr,
    Function,
    Interval,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.interpreter import evaluate
from procgen.ir.program import Requirement

EPSILON = sys.float_info.epsilon
SMALLEST_POWER = 1e-19
"""Below it scipy.special.boxcox() takes the logarithm."""
LARGEST_EXPONENT = 709.78
SAMPLES = (-1e6, -12.5, -1.0, -1e-3, 0.0, 1e-9, 0.3, 1.0, 7.25, 1e5)


@TRANSFORMERS.reads(
    "sklearn.preprocessing.PowerTransformer",
    bound=Bound("a logarithm or a power, which SciPy rounds apart", "method='box-cox'"),
)
def read_power_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Each column to its own power, then standardized if asked for."""
    powers = [float(power) for power in step.lambdas_]
    if step.method == "yeo-johnson":
        _require_known_formula(powers)
        changed = mapped(
            demand_all(frame, LARGEST_DOUBLE, accepts_missing=True),
            lambda feature, power: yeo_johnson(to_number(feature), power),
            powers,
        )
    else:
        positive = demand(frame, (_positive(feature) for feature in frame.features))
        changed = mapped(
            positive, lambda feature, power: box_cox(to_number(feature), power), powers
        )
        changed = replace(changed, exact=False)
    if not step.standardize:
        return changed
    scaler = step._scaler  # noqa: SLF001 - transform() ends with it
    pairs = zip(scaler.mean_.tolist(), scaler.scale_.tolist(), strict=True)
    changed = demand_all(changed, LARGEST_DOUBLE, accepts_missing=True)
    return mapped(changed, lambda f, pair: standardized(f.expr, *pair, sparse=False), pairs)


def yeo_johnson(value: Expr, power: float) -> Expr:
    """`((x + 1) ** power - 1) / power` from 0 on, and its mirror image with `2 - power` below."""
    if math.isnan(power):
        return MISSING
    negated = Unary(UnaryOp.NEGATE, value)
    above = _of_log1p(value, power, is_log=abs(power) < EPSILON)
    below = _of_log1p(negated, 2.0 - power, is_log=not abs(power - 2.0) > EPSILON, mirrored=True)
    return Branch(value, Threshold(Comparison.LT, 0.0), below, above, MISSING)


def _of_log1p(value: Expr, power: float, *, is_log: bool, mirrored: bool = False) -> Expr:
    logarithm = Call(Function.LOG1P, value)
    if is_log:
        return Unary(UnaryOp.NEGATE, logarithm) if mirrored else logarithm
    raised: Expr = Call(Function.EXPM1, _times(number(power), logarithm))
    if mirrored:
        raised = Unary(UnaryOp.NEGATE, raised)
    return Binary(BinaryOp.DIVIDE, raised, number(power))


def box_cox(value: Expr, power: float) -> Expr:
    """`(x ** power - 1) / power`, or the logarithm where the power is 0."""
    if math.isnan(power):
        return MISSING
    logarithm = Call(Function.LOG, value)
    if abs(power) < SMALLEST_POWER:
        return logarithm
    exponent = _times(number(power), logarithm)
    usual = Binary(BinaryOp.DIVIDE, Call(Function.EXPM1, exponent), number(power))
    # Where the power itself would overflow, its logarithm is divided instead.
    shifted = Binary(BinaryOp.SUBTRACT, exponent, number(math.log(abs(power))))
    signed = _times(number(math.copysign(1.0, power)), Call(Function.NUMPY_EXP, shifted))
    huge = Binary(BinaryOp.SUBTRACT, signed, number(1.0 / power))
    return Branch(exponent, Threshold(Comparison.LT, LARGEST_EXPONENT), usual, huge, MISSING)


def _times(factor: Expr, value: Expr) -> Expr:
    # A constant stands on the right everywhere in the IR; the product is the same.
    return Binary(BinaryOp.MULTIPLY, value, factor)


def _positive(feature: Feature) -> Requirement:
    test = Interval(math.ulp(0.0), LARGEST_DOUBLE)
    return Requirement(to_number(feature), test, accepts_missing=True, reason="not positive")


def _require_known_formula(powers: list[float]) -> None:
    """Raise UnsupportedModelError where the installed SciPy computes Yeo-Johnson otherwise."""
    from scipy import stats  # noqa: PLC0415 - scikit-learn brings it

    samples = np.array(SAMPLES)
    for power in powers:
        if math.isnan(power):
            continue
        with np.errstate(all="ignore"):
            want = stats.yeojohnson(samples, power).tolist()
        ours = yeo_johnson(Column("x"), power)
        if want != [evaluate(ours, {"x": sample}, {}) for sample in SAMPLES]:
            raise UnsupportedModelError(
                "PowerTransformer computes Yeo-Johnson with another formula in this version",
                hint="use scikit-learn 1.7 and SciPy 1.12, or newer ones",
            )
