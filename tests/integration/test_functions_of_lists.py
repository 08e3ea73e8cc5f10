"""EXP2, WEIGHTED_MEDIAN and SOFTMAX_OF_LOGS in the databases, for any numbers, as interpreted."""

from __future__ import annotations

import random

import pytest

from procgen.artifacts.artifact import ArtifactWriter
from procgen.backends import dialect_named
from procgen.databases.opening import engine_of, open_database
from procgen.ir.expressions import Call, Column, Function, Interval, Vector, number
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.types import DType, Field, ListType
from procgen.passes import lower
from procgen.verify.bits import ulps_apart
from procgen.verify.scoring import install, routine_writer, score

FIELDS = tuple(Field(name, DType.FLOAT64) for name in "abcde")
COLUMNS = tuple(Column(field.name) for field in FIELDS)
WEIGHTS = (0.3, 1.7, 0.1, 0.1, 2.0)
VALUES = (0.0, -0.0, 1.0, 1.0, -1.0, 3.5, 1e-310, -750.0, 700.0, 12.25)


def program(value, kind) -> Program:
    output = Output(OutputName.MARGIN, kind, "margin")
    inside = tuple(
        Requirement(column, Interval(-1000.0, 1000.0), accepts_missing=False, reason="out of range")
        for column in COLUMNS
    )
    return Program(FIELDS, inside, (Binding("margin", value),), (output,))


PROGRAMS = {
    "exp2": program(Call(Function.EXP2, Column("a")), DType.FLOAT64),
    "median": program(
        Call(Function.WEIGHTED_MEDIAN, Vector((*COLUMNS, *map(number, WEIGHTS)))), DType.FLOAT64
    ),
    "softmax": program(Call(Function.SOFTMAX_OF_LOGS, Vector(COLUMNS)), ListType(DType.FLOAT64)),
}


def rows() -> list[dict[str, float]]:
    pick = random.Random(0)
    drawn = [[pick.choice(VALUES) for _ in FIELDS] for _ in range(60)]
    drawn += [[pick.uniform(-5, 5) for _ in FIELDS] for _ in range(60)]
    return [dict(zip("abcde", row, strict=True)) for row in drawn]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_function_gives_what_the_interpreter_gives(name, shared_database_url) -> None:
    source = PROGRAMS[name]
    dialect = dialect_named(engine_of(shared_database_url))
    lowered = lower(source, dialect.target)
    artifact = ArtifactWriter(
        name=name,
        version=1,
        schema="ml",
        dialect=dialect,
        program=source,
        lowered=lowered,
        digest="0" * 64,
        roles=("PUBLIC",),
    ).write()
    with open_database(shared_database_url) as place, place.rehearsal():
        writer = routine_writer(lowered, dialect.name, "ml", f"{name}_v1")
        install(place, artifact, writer)
        got = score(place, writer, rows())[OutputName.MARGIN]
    want = interpret(source, rows())[OutputName.MARGIN]
    for ours, theirs in zip(got, want, strict=True):
        distance = ulps_apart(ours, theirs)
        assert distance is not None
        assert distance <= (0 if name == "median" else 4)
