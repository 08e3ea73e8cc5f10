"""What the cases ask about each input: the values beside its decisions, and the odd ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.backends.duckdb import DUCKDB
from procgen.ir.domain import UNSEEN, Domain, domains
from procgen.ir.interpreter import is_missing
from procgen.ir.program import Program
from procgen.ir.types import Field, Scalar
from procgen.passes import lower
from procgen.verify.cases import Cases


@dataclass(frozen=True, slots=True)
class Probed:
    """One input.

    Attributes:
        name: its column.
        type: the column's type.
        decisions: values at which the model decides by it, and their neighbours.
        asked: how many of those some case has.
        distinct: different values in the cases.
        missing: cases without a value.
        infinite: cases with an infinite one.
        unseen: cases with a category that training did not see.
        at_decision: cases with one of the values at a decision.
        wrong: those of them that a database scores wrongly.
    """

    name: str
    type: str
    decisions: int
    asked: int
    distinct: int
    missing: int
    infinite: int
    unseen: int
    at_decision: int
    wrong: int


def probed_inputs(program: Program, cases: Cases, wrong: frozenset[int]) -> Iterator[Probed]:
    """Each input in the order of the arguments; `wrong` are the numbers of rows with a mismatch."""
    lowered = lower(program, DUCKDB.target)
    found = domains(lowered)
    for field in program.inputs:
        values = [row[field.name] for row in cases.rows]
        yield _probed(field, found[field.name], values, wrong)


def _probed(
    field: Field, domain: Domain, values: Sequence[Scalar], wrong: frozenset[int]
) -> Probed:
    decisions = {_key(value) for value in domain.ordinary}
    keys = [_key(value) for value in values]
    here = [place for place, key in enumerate(keys) if key in decisions]
    return Probed(
        name=field.name,
        type=field.dtype.value,
        decisions=len(decisions),
        asked=len(decisions & set(keys)),
        distinct=len(set(keys)),
        missing=sum(map(is_missing, values)),
        infinite=sum(isinstance(value, float) and math.isinf(value) for value in values),
        unseen=sum(value == UNSEEN for value in values),
        at_decision=len(here),
        wrong=len(wrong.intersection(here)),
    )


def _key(value: Scalar) -> tuple[type, str]:
    """0.0 and -0.0 are two values here, and NaN is one."""
    return type(value), repr(value)
