"""An expression with one of its numbers off: each that a row may come to, one at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from procgen.ir.expressions import Branch, Case, Comparison, Constant, Expr, Match, Threshold
from procgen.ir.walk import children, columns_of, with_children

Path = tuple[int, ...]
"""Which operand to take at each step down an expression."""


def other_constants(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """The expression with one of its numbers off."""
    waiting: list[tuple[Path, Expr]] = [((), expr)]
    number = 0
    while waiting:
        path, part = waiting.pop()
        changed = _off(part)
        if changed is not None:
            number += 1
            yield f"constant {number}", _replaced(expr, path, changed)
        inner = list(enumerate(children(part)))
        waiting += [((*path, place), one) for place, one in inner if _is_taken(part, place)]


def _is_taken(part: Expr, place: int) -> bool:
    """Whether an operand is ever computed: nothing exceeds inf, and sums of trees are there."""
    if not isinstance(part, Branch):
        return True
    match place:
        case 2:
            return part.test != Threshold(Comparison.LE, math.inf)
        case 3:
            return bool(columns_of(part.subject))
        case _:
            return True


def _replaced(expr: Expr, path: Path, new: Expr) -> Expr:
    if not path:
        return new
    counter = count()

    def change(child: Expr) -> Expr:
        return _replaced(child, path[1:], new) if next(counter) == path[0] else child

    return with_children(expr, change)


def _off(part: Expr) -> Expr | None:
    """The same with a number of its own off by a thousandth; None where it has none."""
    match part:
        case Constant(float() as value, dtype) if math.isfinite(value):
            return Constant(_off_number(value), dtype)
        case Branch(_, Threshold(_, float() as value, _) as test, _, _, _) if math.isfinite(value):
            # Between a decision and one that is off by a little there may be no value at all.
            return replace(part, test=replace(test, value=math.inf))
        case Match(_, (Case(category, Constant(float() as value, dtype)), *rest), _, _):
            first = Case(category, Constant(_off_number(value), dtype))
            return replace(part, cases=(first, *rest))
        case _:
            return None


def _off_number(value: float) -> float:
    return value * (1 + 2.0**-10) if value else 1.0
