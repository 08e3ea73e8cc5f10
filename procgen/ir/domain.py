"""Values at which a Program may change its mind: thresholds, their neighbours, categories."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from procgen.ir.expressions import (
    Branch,
    Column,
    Expr,
    Interval,
    Match,
    Membership,
    Present,
    Test,
    Threshold,
)
from procgen.ir.interpreter import to_float32
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, splits_of
from procgen.ir.types import DType, Field, Scalar
from procgen.ir.walk import descend, expressions

LARGEST_INT64 = 2**63 - 1
FLOAT_EDGES = (0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e300, -1e300, math.inf, -math.inf, math.nan)
INT_EDGES = (0, 1, -1, 2**53 + 1, LARGEST_INT64, -LARGEST_INT64 - 1)
ORDINARY_FLOATS = (0.0, 1.0, -1.5, 0.1, 12.75, -103.5)
ORDINARY_INTEGERS = (0, 1, -7, 250)
SMALLEST_FLOAT32 = 2.0**-149
UNSEEN = "never seen in training"


@dataclass(frozen=True, slots=True)
class Domain:
    """Values of one input: `ordinary` ones that models decide on, and `edges` that break them."""

    ordinary: tuple[Scalar, ...]
    edges: tuple[Scalar, ...]


def domains(program: Program, *, most: int | None = None) -> dict[str, Domain]:
    """The domain of each input, best read off a lowered Program (its tests are on columns).

    Args:
        program: the Program.
        most: look at about this many splits of each ensemble, spread evenly; None is all.
    """
    types = {field.name: field.dtype for field in program.inputs}
    tested: dict[str, dict[Scalar, None]] = {name: {} for name in types}
    limits: dict[str, dict[Scalar, None]] = {name: {} for name in types}
    for subject, test in _tests(program, most):
        if isinstance(subject, Column):
            # The ends of an interval are where rows are refused: no ordinary row lies there.
            found = limits if isinstance(test, Interval) else tested
            found[subject.name].update(dict.fromkeys(_around(test, types[subject.name])))
    return {
        field.name: _domain(field, tuple(tested[field.name]), tuple(limits[field.name]))
        for field in program.inputs
    }


def _tests(program: Program, most: int | None) -> Iterator[tuple[Expr, Test | Interval | Present]]:
    for requirement in program.requirements:
        yield requirement.subject, requirement.test
    for binding in program.bindings:
        if isinstance(binding.value, Ensemble):
            yield from _split_tests(binding.value, most)
    for outer in expressions(program):
        for part in descend(outer):
            match part:
                case Branch(subject, test, _, _, _):
                    yield subject, test
                case Match(subject, cases, _, _):
                    yield subject, Membership(tuple(case.category for case in cases))
                case _:
                    pass


def _split_tests(ensemble: Ensemble, most: int | None) -> Iterator[tuple[Expr, Test]]:
    splits = list(splits_of(ensemble.trees))
    stride = 1 if most is None else max(1, len(splits) // most)
    for feature, test in dict.fromkeys((node.feature, node.test) for node in splits[::stride]):
        yield ensemble.features[feature], test


def _around(test: Test | Interval | Present, dtype: DType) -> Iterator[Scalar]:
    match test:
        case Threshold(_, value, _):
            yield from neighbours(value, dtype)
        case Interval(low, high):
            yield from neighbours(low, dtype)
            yield from neighbours(high, dtype)
        case Membership(categories):
            yield from categories
        case Present():
            pass


def neighbours(value: float, dtype: DType) -> tuple[Scalar, ...]:
    """A value and the ones next to it that an input of this type can hold."""
    if dtype is DType.INT64:
        whole = math.floor(value) if math.isfinite(value) else 0
        return tuple(v for v in (whole - 1, whole, whole + 1) if abs(v) <= LARGEST_INT64)
    return (
        float(value),
        math.nextafter(value, -math.inf),
        math.nextafter(value, math.inf),
    )


def _domain(field: Field, tested: tuple[Scalar, ...], limits: tuple[Scalar, ...]) -> Domain:
    match field.dtype:
        case DType.FLOAT64:
            return Domain(tested or ORDINARY_FLOATS, (*FLOAT_EDGES, *limits, None))
        case DType.FLOAT32:
            edges = (*FLOAT_EDGES, SMALLEST_FLOAT32, -SMALLEST_FLOAT32, *limits)
            return Domain(_narrow(tested or ORDINARY_FLOATS), (*_narrow(edges), None))
        case DType.INT64:
            return Domain(tested or ORDINARY_INTEGERS, (*INT_EDGES, *limits, None))
        case DType.BOOL:
            return Domain((False, True), (None,))
        case DType.TEXT:
            return Domain(tested or ("a", "b"), (UNSEEN, "", None))


def _narrow(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """What a float32 column makes of the values; PostgreSQL cannot even read the others."""
    return tuple(to_float32(value) for value in values if isinstance(value, float))
