"""A few rows at and beside a model's decisions, with the scores that a database must give."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from procgen.ir.domain import domains
from procgen.ir.enclosure import enclose
from procgen.ir.expressions import Call, Element, Function, Reference
from procgen.ir.interpreter import Row, Value, interpret
from procgen.ir.policies import raises
from procgen.ir.program import Output, OutputName, Program
from procgen.ir.spans import ends, may_differ
from procgen.ir.trees import Ensemble
from procgen.ir.types import Scalar
from procgen.ir.walk import descend

ROWS = 48
SPLITS = 500
LINK_ULPS = 4
"""How far a database's exp() may be from Python's, in units of the last place."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One row and, for each output, the lowest and the highest value it may score."""

    row: tuple[Scalar, ...]
    bounds: dict[OutputName, tuple[Value, Value]]


def fixtures(program: Program) -> tuple[Fixture, ...]:
    """Rows for the verify script, the same on every run.

    One row in three has one extreme or missing value; more would have most models refuse every row.
    """
    names = [field.name for field in program.inputs]
    every = {row: dict(zip(names, row, strict=True)) for row in _rows(program)}
    rows = [row for row, mapping in every.items() if not raises(program, mapping)]
    mapped = [every[row] for row in rows]
    return bounded(program, mapped)


def bounded(program: Program, rows: Sequence[Row]) -> tuple[Fixture, ...]:
    """Rows with the scores that they may have; one that may even get another label is left out."""
    scores = interpret(program, rows)
    if _computes_with_exp(program):
        cases = (
            _enclosed(program, row, {name: values[place] for name, values in scores.items()})
            for place, row in enumerate(rows)
        )
        return tuple(case for case in cases if case is not None)
    loose = {o.name: _uses_exp(program, o.binding) for o in program.outputs}
    return tuple(
        Fixture(
            tuple(row[field.name] for field in program.inputs),
            {
                output.name: _bounds(scores[output.name][place], loose=loose[output.name])
                for output in program.outputs
            },
        )
        for place, row in enumerate(rows)
    )


def _enclosed(program: Program, row: Row, scores: dict[OutputName, Value]) -> Fixture | None:
    """A row whose scores another C library may move; None if it may even give another label."""
    values = tuple(row[field.name] for field in program.inputs)
    if all(score is None for score in scores.values()):
        return Fixture(values, dict.fromkeys(scores, (None, None)))
    enclosed = enclose(program, row, any_order=False)
    found = {output.name: enclosed[output.binding] for output in program.outputs}
    if any(may_differ(item, scores[name]) for name, item in found.items()):
        return None
    return Fixture(values, {name: ends(item, scores[name]) for name, item in found.items()})


def _computes_with_exp(program: Program) -> bool:
    """Whether something is computed or decided from what passed through exp()."""
    margin = program.output(OutputName.MARGIN)
    last = {output.binding for output in program.outputs if output is not margin}
    return any(
        isinstance(part, Call) and part.function is not Function.ARGMAX
        for binding in program.bindings
        if binding.name not in last
        for outer in (
            binding.value.features if isinstance(binding.value, Ensemble) else (binding.value,)
        )
        for part in descend(outer)
    )


def _rows(program: Program) -> list[tuple[Scalar, ...]]:
    domain = list(domains(program, most=SPLITS).values())
    pick = random.Random(0)  # noqa: S311 - the same rows every time, not secrets
    rows: list[tuple[Scalar, ...]] = []
    for number in range(ROWS):
        row = [pick.choice(values.ordinary) for values in domain]
        if number % 3 == 0:
            place = pick.randrange(len(row))
            row[place] = pick.choice(domain[place].edges)
        rows.append(tuple(row))
    rows.append(tuple(None for _ in domain))
    return rows


def _bounds(value: Value, *, loose: bool) -> tuple[Value, Value]:
    if not loose:
        return value, value
    if isinstance(value, tuple):
        pairs = [_around(item) for item in value]
        return tuple(low for low, _ in pairs), tuple(high for _, high in pairs)
    return _around(value)


def _around(value: Scalar) -> tuple[Scalar, Scalar]:
    if not isinstance(value, float) or math.isnan(value):
        return value, value
    low = high = value
    for _ in range(LINK_ULPS):
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return low, high


def _uses_exp(program: Program, binding: str) -> bool:
    """Whether a float output passes through a function that two C libraries may round apart."""
    value = program.binding(binding)
    if isinstance(value, Ensemble):
        return False
    for part in descend(value):
        match part:
            case Call(function, _) if function is not Function.ARGMAX:
                return True
            case Element(Reference(name), _) | Reference(name) if name != binding:
                if _uses_exp(program, name):
                    return True
            case _:
                pass
    return False


def output_bounds(fixture: Fixture, output: Output) -> tuple[Value, Value]:
    """The lowest and highest score of one output."""
    return fixture.bounds[output.name]
