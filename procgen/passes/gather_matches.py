"""One-hot columns of one input, weighted and added side by side, become one table of weights.

Of the terms `w1 * (x = 'a') + w2 * (x = 'b')` at most one is not zero, and adding zero changes no
bits, so the sum is the table `a: w1, b: w2, otherwise: 0`. Tables that are not zero elsewhere
(scaled one-hot columns) are left alone: adding them beforehand would change the order of addition.
"""

from __future__ import annotations

from procgen.ir.expressions import Case, Constant, Expr, Match, Sum
from procgen.ir.program import Program
from procgen.ir.target import Target
from procgen.ir.walk import rewrite_program


def gather_matches(program: Program, _: Target) -> Program:
    """Merge neighbouring one-hot terms of every sum."""
    return rewrite_program(program, _gather)


def _gather(expr: Expr) -> Expr:
    if not isinstance(expr, Sum):
        return expr
    terms: list[Expr] = []
    for term in expr.terms:
        merged = _merge(terms[-1], term) if terms else None
        if merged is None:
            terms.append(term)
        else:
            terms[-1] = merged
    return Sum(tuple(terms))


def _merge(first: Expr, second: Expr) -> Match | None:
    if not (isinstance(first, Match) and isinstance(second, Match)):
        return None
    if first.subject != second.subject or not (_zero(first.otherwise) and _zero(second.otherwise)):
        return None
    known = {case.category for case in first.cases if not _zero(case.result)}
    added = tuple(case for case in second.cases if not _zero(case.result))
    if known & {case.category for case in added}:
        return None
    if _zero(first.missing):
        missing = second.missing
    elif _zero(second.missing):
        missing = first.missing
    else:
        return None
    kept = tuple(case for case in first.cases if case.category in known)
    return Match(first.subject, _unique((*kept, *added)), first.otherwise, missing)


def _unique(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    return tuple({case.category: case for case in cases}.values())


def _zero(constant: Constant) -> bool:
    return constant.value == 0 and constant.value is not None
