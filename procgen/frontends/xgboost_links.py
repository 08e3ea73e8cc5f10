"""What XGBoost's objectives do with the margin: in float32, by the functions that are named so."""

from __future__ import annotations

from collections.abc import Callable

from procgen.ir.expressions import (
    Branch,
    Call,
    Comparison,
    Element,
    Expr,
    Function,
    Reference,
    Threshold,
    number,
)

Link = Callable[[Reference, int], tuple[Expr, ...]]
"""From the margin and its number of values to the values that Booster.predict gives."""


def values_of(margin: Reference, count: int) -> tuple[Expr, ...]:
    """Each value of a margin."""
    if count == 1:
        return (margin,)
    return tuple(Element(margin, place) for place in range(count))


def _through(function: Function) -> Link:
    return lambda margin, count: tuple(Call(function, value) for value in values_of(margin, count))


def _hinge(margin: Reference, count: int) -> tuple[Expr, ...]:
    above = Threshold(Comparison.LE, 0.0)
    return tuple(
        Branch(value, above, then=number(0.0), otherwise=number(1.0), missing=number(0.0))
        for value in values_of(margin, count)
    )


EXP, EXPIT = _through(Function.EXP_FLOAT32), _through(Function.EXPIT_FLOAT32)
LINKS: dict[str, Link] = {
    "binary:hinge": _hinge,
    "binary:logistic": EXPIT,
    "binary:logitraw": values_of,
    "count:poisson": EXP,
    "rank:map": values_of,
    "rank:ndcg": values_of,
    "rank:pairwise": values_of,
    "reg:absoluteerror": values_of,
    "reg:expectileerror": values_of,
    "reg:gamma": EXP,
    "reg:logistic": EXPIT,
    "reg:pseudohubererror": values_of,
    "reg:quantileerror": values_of,
    "reg:squarederror": values_of,
    "reg:squaredlogerror": values_of,
    "reg:tweedie": EXP,
    "survival:aft": EXP,
    "survival:cox": EXP,
}
"""What each objective does with the margin of one output."""
SHARES, WINNER = "multi:softprob", "multi:softmax"
PROBABILITIES = ("binary:hinge", "binary:logistic", "reg:logistic")
"""Objectives whose values are probabilities of the second class."""
