"""A demand that a text is there may stand on a table that makes the text."""

from __future__ import annotations

from procgen.backends import dialect_named
from procgen.ir.check import check
from procgen.ir.expressions import Case, Column, Constant, Match, Present, number
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.types import DType, Field
from procgen.passes import lower

TABLE = Match(
    Column("town"),
    (Case("a", Constant("a", DType.TEXT)), Case("b", Constant(None, DType.TEXT))),
    Constant("rare", DType.TEXT),
    Constant(None, DType.TEXT),
)


def test_a_text_that_a_table_makes_may_be_demanded() -> None:
    program = check(
        Program(
            (Field("town", DType.TEXT),),
            (Requirement(TABLE, Present(), accepts_missing=False, reason="missing"),),
            (
                Binding(
                    "predict", Match(TABLE, (Case("a", number(1.0)),), number(0.0), number(9.0))
                ),
            ),
            (Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
        )
    )
    lowered = lower(program, dialect_named("duckdb").target)
    rows = [{"town": town} for town in ("a", "b", "c", None)]
    assert interpret(lowered, rows) == interpret(program, rows)
    assert interpret(program, rows)[OutputName.PREDICT] == [1.0, None, 0.0, None]
