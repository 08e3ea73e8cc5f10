from __future__ import annotations

import math

import pytest

from procgen.errors import CorruptFileError
from procgen.ir.expressions import Column, Vector
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.types import DType, Field, ListType
from procgen.verify.bits import same_bits
from procgen.verify.cases import Cases, parse_cases, print_cases

PROGRAM = Program(
    inputs=(
        Field("x", DType.FLOAT64),
        Field("f", DType.FLOAT32),
        Field("predict", DType.TEXT),
        Field("i", DType.INT64),
        Field("b", DType.BOOL),
    ),
    requirements=(),
    bindings=(Binding("margin", Vector((Column("x"),))), Binding("predict", Column("predict"))),
    outputs=(
        Output(OutputName.MARGIN, ListType(DType.FLOAT64), "margin"),
        Output(OutputName.PREDICT, DType.TEXT, "predict"),
    ),
)
ROWS = [
    {"x": -0.0, "f": 0.5, "predict": "a'\\😀", "i": 2**63 - 1, "b": True},
    {"x": math.nan, "f": math.nan, "predict": "", "i": -(2**63), "b": False},
    {"x": None, "f": None, "predict": None, "i": None, "b": None},
    {"x": 5e-324, "f": math.inf, "predict": "b", "i": 0, "b": None},
]
CASES = Cases(
    ROWS,
    {
        OutputName.MARGIN: [(-0.0, math.nan), (math.inf, 5e-324), None, (1.0, 0.1)],
        OutputName.PREDICT: ["a'\\😀", "", None, "b"],
    },
)


def test_cases_come_back_with_every_bit():
    found = parse_cases(PROGRAM, print_cases(PROGRAM, CASES), "cases")
    for name in ("x", "f", "predict", "i", "b"):
        for got, want in zip(found.rows, ROWS, strict=True):
            assert same_bits(got[name], want[name])
    for output, values in CASES.answers.items():
        assert same_bits(tuple(map(repr, found.answers[output])), tuple(map(repr, values)))
    assert list(found.rows[0]) == ["x", "f", "predict", "i", "b"]


def test_equal_cases_are_equal_bytes():
    assert print_cases(PROGRAM, CASES) == print_cases(PROGRAM, CASES)


def test_no_cases_are_cases_too():
    empty = Cases([], {name: [] for name in CASES.answers})
    assert list(parse_cases(PROGRAM, print_cases(PROGRAM, empty), "cases").rows) == []


def test_another_file_is_refused_by_name():
    with pytest.raises(CorruptFileError, match="some file"):
        parse_cases(PROGRAM, b"PAR1 and no more", "some file")


def test_cases_of_another_model_are_refused():
    other = Program(
        (Field("z", DType.FLOAT64),),
        (),
        (Binding("predict", Column("z")),),
        (Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
    )
    with pytest.raises(CorruptFileError, match="this model's cases"):
        parse_cases(other, print_cases(PROGRAM, CASES), "cases")
