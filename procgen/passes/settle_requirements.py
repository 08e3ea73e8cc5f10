"""What Python demands of preprocessed values becomes one test on each input itself."""

from __future__ import annotations

import math
from dataclasses import replace

from procgen.ir.expressions import (
    Column,
    Comparison,
    Constant,
    Expr,
    Interval,
    Match,
    Membership,
    Present,
    Threshold,
)
from procgen.ir.interpreter import is_missing
from procgen.ir.program import Action, Program, Requirement
from procgen.ir.target import Target
from procgen.ir.types import DType, Scalar
from procgen.passes.preimage import LARGEST_INT64, SMALLEST_INT64, Preimage, preimage


def settle_requirements(program: Program, _: Target) -> Program:
    """Move each requirement to its column, drop those that every row meets, and merge the rest."""
    columns = {field.name: field.dtype for field in program.inputs}
    settled: dict[tuple[Expr, bool, Action], Requirement] = {}
    for requirement in program.requirements:
        moved = replace(_move(requirement, columns), action=requirement.action)
        if _always_met(moved):
            continue
        key = (moved.subject, isinstance(moved.test, Membership), moved.action)
        settled[key] = _both(settled[key], moved) if key in settled else moved
    return replace(program, requirements=tuple(settled.values()))


def _move(requirement: Requirement, columns: dict[str, DType]) -> Requirement:
    match requirement.test:
        case Interval(low, high):
            return _move_interval(requirement, float(low), float(high), columns)
        case Membership() as members:
            return _move_membership(requirement, members, columns)
        case Present():
            if isinstance(requirement.subject, Match) and _is_text(requirement.subject):
                return _move_membership(requirement, _texts_of(requirement.subject), columns)
            # As an interval that holds every number: the same walk, and NaN stays out.
            if not _is_number(requirement.subject, columns):
                return requirement
            return _move_interval(requirement, -math.inf, math.inf, columns)


def _move_membership(
    requirement: Requirement, members: Membership, columns: dict[str, DType]
) -> Requirement:
    found = preimage(
        requirement.subject, members, missing=requirement.accepts_missing, columns=columns
    )
    return _from_membership(requirement, found)


def _is_text(table: Match) -> bool:
    return table.otherwise.dtype is DType.TEXT


def _texts_of(table: Match) -> Membership:
    """Every text that the table can give: it gives one of them unless its result is missing."""
    results = (*(case.result.value for case in table.cases), table.otherwise.value)
    found = (*results, table.missing.value)
    return Membership(tuple(dict.fromkeys(text for text in found if text is not None)))


def _is_number(subject: Expr, columns: dict[str, DType]) -> bool:
    return not (isinstance(subject, Column) and not columns[subject.name].is_float)


def _move_interval(
    requirement: Requirement, low: float, high: float, columns: dict[str, DType]
) -> Requirement:
    """`low <= f(x) <= high` is two thresholds; both move to the same subject."""
    missing = requirement.accepts_missing
    upper = Threshold(Comparison.LE, high)
    lower = Threshold(Comparison.LT, low)  # and then not this one
    subject = requirement.subject
    # A missing value is refused as one that lies below `low`; under `high` it may then lie as well.
    under = preimage(subject, upper, missing=True, columns=columns)
    over = preimage(subject, lower, missing=not missing, columns=columns)
    if _is_whole(under, holds=True) and _is_whole(over, holds=False):
        accepts = under.missing and not over.missing
        return replace(requirement, subject=under.subject, test=Present(), accepts_missing=accepts)
    if _is_table(under.test) or _is_table(over.test) or under.subject != over.subject:
        return _from_table(requirement, under.subject)
    ends = _ends(under.subject, columns)
    accepted, excluded = _range(under, ends, holds=True), _range(over, ends, holds=False)
    if accepted is None or excluded is None:
        return _from_table(requirement, under.subject)
    test = Interval(max(accepted[0], excluded[0]), min(accepted[1], excluded[1]))
    return Requirement(
        under.subject,
        Present() if _all_numbers(test) else test,
        under.missing and not over.missing,
        requirement.reason,
    )


Range = tuple[float | int, float | int]


def _range(found: Preimage, ends: Range, *, holds: bool) -> Range | None:
    """The values for which a threshold holds, or does not; None if there are none."""
    lowest, highest = ends
    below = found.negated is not holds
    match found.test:
        case Threshold() as test:
            return (lowest, _up_to(test)) if below else (_above(test), highest)
        case _:
            return None if below else ends


def _ends(subject: Expr, columns: dict[str, DType]) -> Range:
    whole = isinstance(subject, Column) and columns[subject.name] is DType.INT64
    return (SMALLEST_INT64, LARGEST_INT64) if whole else (-math.inf, math.inf)


def _is_whole(found: Preimage, *, holds: bool) -> bool:
    """Whether every value that is not missing passes, or none."""
    return found.test == Membership(()) and found.negated is holds


def _is_table(test: object) -> bool:
    return isinstance(test, Membership) and bool(test.categories)


def _up_to(test: Threshold) -> float | int:
    """The largest value that passes `x <= v` or `x < v`."""
    if test.op is Comparison.LE:
        return test.value
    return math.nextafter(float(test.value), -math.inf)


def _above(test: Threshold) -> float | int:
    """The smallest value that fails `x <= v` or `x < v`."""
    if test.op is Comparison.LT:
        return test.value
    if isinstance(test.value, int):
        return test.value + 1
    return math.nextafter(test.value, math.inf) + 0.0


def _from_table(requirement: Requirement, subject: Expr) -> Requirement:
    """Try every row of a table; anything else stays a test on the computed value."""
    if not isinstance(requirement.subject, Match):
        return requirement
    return _accepted(requirement, requirement.subject, subject) or requirement


def _accepted(requirement: Requirement, table: Match, subject: Expr) -> Requirement | None:
    missing = _meets(requirement, table.missing)
    passing = tuple(case.category for case in table.cases if _meets(requirement, case.result))
    if not _meets(requirement, table.otherwise):
        return Requirement(subject, Membership(passing), missing, requirement.reason)
    if len(passing) == len(table.cases):
        return Requirement(subject, Present(), missing, requirement.reason)
    return None


def _meets(requirement: Requirement, value: Constant) -> bool:
    if is_missing(value.value):
        return requirement.accepts_missing
    match requirement.test:
        case Interval(low, high):
            return low <= _number(value.value) <= high
        case Membership(categories):
            return value.value in categories
        case Present():
            return True


def _number(value: Scalar) -> float:
    return float(value)  # type: ignore[arg-type]


def _from_membership(requirement: Requirement, found: Preimage) -> Requirement:
    if found.negated or not isinstance(found.test, Membership):
        return requirement
    return Requirement(found.subject, found.test, found.missing, requirement.reason)


def _always_met(requirement: Requirement) -> bool:
    return requirement.accepts_missing and isinstance(requirement.test, Present)


def _all_numbers(test: Interval) -> bool:
    return (test.low, test.high) in (
        (-math.inf, math.inf),
        (SMALLEST_INT64, LARGEST_INT64),
    )


def _both(first: Requirement, second: Requirement) -> Requirement:
    accepts = first.accepts_missing and second.accepts_missing
    test: Interval | Membership | Present
    match first.test, second.test:
        case Interval(low, high), Interval(other_low, other_high):
            test = Interval(max(low, other_low), min(high, other_high))
        case Membership(some), Membership(others):
            test = Membership(tuple(value for value in some if value in others))
        case Present(), test_:
            test = test_
        case test_, _:
            test = test_
    return replace(first, test=test, accepts_missing=accepts)
