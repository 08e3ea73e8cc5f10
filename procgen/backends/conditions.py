"""Tests as SQL conditions that are never true of NULL or NaN: missing always falls through."""

from __future__ import annotations

from typing import assert_never

from procgen.backends.dialect import Dialect
from procgen.errors import InvalidProgramError
from procgen.ir.expressions import Comparison, Interval, Membership, Present, Test, Threshold
from procgen.ir.program import Action, Requirement
from procgen.ir.types import DType
from procgen.ir.walk import columns_of


def admitting(
    dialect: Dialect, subject: str, dtype: DType, requirement: Requirement, raiser: str
) -> str:
    """True of a row that meets a requirement; of another, an error where a policy says so.

    `raiser` is the routine that raises it, or nothing where there are no routines.
    """
    condition = acceptable(
        dialect, subject, dtype, requirement.test, accepts_missing=requirement.accepts_missing
    )
    if requirement.action is not Action.ERROR or condition == "true":
        return condition
    message = dialect.literal(error_message(requirement), DType.TEXT)
    template = (dialect.raising_routine if raiser else None) or dialect.raising
    return template.format(condition, message, subject, raiser)


def error_message(requirement: Requirement) -> str:
    """What the database says of a row on which it raises an error."""
    names = ", ".join(columns_of(requirement.subject))
    return f"the input {names} is {requirement.reason}"


def passing(dialect: Dialect, subject: str, dtype: DType, test: Test) -> str:
    """True where the subject is present and passes; both engines order NaN above everything."""
    match test:
        case Threshold(op, value, _):
            sign = "<=" if op is Comparison.LE else "<"
            return f"{subject} {sign} {dialect.literal(value, threshold_type(test))}"
        case Membership(categories):
            if not categories:
                return "false"
            return _among(dialect, _exact(dialect, subject, dtype), dtype, categories)
        case _:
            assert_never(test)


def failing(
    dialect: Dialect, subject: str, dtype: DType, test: Test, *, may_be_nan: bool = True
) -> str:
    """True where the subject is present and does not pass.

    `x > t` would be true of NaN, so a float that may be NaN is compared as `-x < -t`.
    """
    match test:
        case Threshold(op, value, _):
            kind = threshold_type(test)
            if not (may_be_nan and dtype.is_float):
                sign = ">" if op is Comparison.LE else ">="
                return f"{subject} {sign} {dialect.literal(value, kind)}"
            sign = "<" if op is Comparison.LE else "<="
            return f"-{subject} {sign} {dialect.literal(-value or 0.0, kind)}"
        case Membership(categories):
            members = (*categories, *_nan(dtype))
            if not members:
                return f"{subject} IS NOT NULL"
            return f"NOT {_among(dialect, _exact(dialect, subject, dtype), dtype, members)}"
        case _:
            assert_never(test)


def acceptable(
    dialect: Dialect,
    subject: str,
    dtype: DType,
    test: Interval | Membership | Present,
    *,
    accepts_missing: bool,
) -> str:
    """True where the row may be scored as far as this subject goes."""
    match test:
        case Present():
            if accepts_missing:
                return "true"
            return (
                f"{subject} <= {_infinity(dialect, dtype)}"
                if dtype.is_float
                else (f"{subject} IS NOT NULL")
            )
        case Interval(low, high):
            # The bounds of what is computed of a FLOAT32 column may lie outside its type.
            kind = DType.FLOAT64 if dtype.is_float else dtype
            lowest, highest = dialect.literal(low, kind), dialect.literal(high, kind)
            if not accepts_missing:
                return f"{subject} BETWEEN {lowest} AND {highest}"
            above = failing(dialect, subject, dtype, _at_most(high, dtype))
            return f"({subject} < {lowest} OR {above}) IS NOT TRUE"
        case Membership():
            if not accepts_missing:
                return passing(dialect, subject, dtype, test)
            return f"({failing(dialect, subject, dtype, test)}) IS NOT TRUE"
        case _:
            assert_never(test)


def missing(dialect: Dialect, subject: str, dtype: DType) -> str:
    """True where the subject is NULL or NaN."""
    if not dtype.is_float:
        return f"{subject} IS NULL"
    return f"({subject} IS NULL OR {subject} = {dialect.literal(float('nan'), dtype)})"


def equal(dialect: Dialect, subject: str, dtype: DType) -> str:
    """The subject, for comparing with `=`: text by its bytes, whatever its collation."""
    return _exact(dialect, subject, dtype)


def threshold_type(test: Threshold) -> DType:
    """The type of a threshold's literal."""
    if test.precision is DType.FLOAT32:
        raise InvalidProgramError("a float32 threshold reached the printer: no pass widened it")
    return test.precision


def _at_most(value: float, dtype: DType) -> Threshold:
    return Threshold(Comparison.LE, value, DType.INT64 if dtype is DType.INT64 else DType.FLOAT64)


def _infinity(dialect: Dialect, dtype: DType) -> str:
    return dialect.literal(float("inf"), dtype)


def _nan(dtype: DType) -> tuple[float, ...]:
    return (float("nan"),) if dtype.is_float else ()


def _exact(dialect: Dialect, subject: str, dtype: DType) -> str:
    return dialect.exact_text.format(subject) if dtype is DType.TEXT else subject


def _among(dialect: Dialect, subject: str, dtype: DType, values: tuple[object, ...]) -> str:
    """`subject IN (...)`, in lists that the engine does not turn into a join."""
    size = dialect.longest_list or len(values)
    lists = [
        ", ".join(dialect.literal(value, dtype) for value in values[first : first + size])  # type: ignore[arg-type]
        for first in range(0, len(values), size)
    ]
    return f"({' OR '.join(f'{subject} IN ({items})' for items in lists)})"
