from __future__ import annotations

import pytest

from procgen.cli.differences import describe
from procgen.ir.expressions import Column, Constant
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType, Field


def program(inputs, trees=1):
    fields = tuple(Field(name, dtype) for name, dtype in inputs.items())
    ensemble = Ensemble((Column(fields[0].name),), (Tree((Leaf((1.0,)),)),) * trees, (0.0,))
    bindings = (Binding("raw", ensemble), Binding("predict", Constant(1.0, DType.FLOAT64)))
    return Program(fields, (), bindings, (Output(OutputName.PREDICT, DType.FLOAT64, "predict"),))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (program({"x": DType.FLOAT64}), program({"x": DType.FLOAT64}), "other numbers"),
        (program({"x": DType.FLOAT64}), program({"x": DType.FLOAT64}, 3), "3 trees (1)"),
        (
            program({"x": DType.FLOAT64}, 3),
            program({"x": DType.FLOAT64, "y": DType.TEXT}),
            "1 trees (3), + input y",
        ),
        (
            program({"x": DType.FLOAT64, "y": DType.TEXT}),
            program({"x": DType.FLOAT64}),
            "- input y",
        ),
        (
            program({"x": DType.FLOAT64}),
            program({"x": DType.INT64}),
            "input x is int64 (float64)",
        ),
        (
            program({"x": DType.FLOAT64, "y": DType.FLOAT64}),
            program({"y": DType.FLOAT64, "x": DType.FLOAT64}),
            "inputs in another order",
        ),
        (
            program({"x": DType.FLOAT64}),
            program(dict.fromkeys("xabcdefg", DType.FLOAT64)),
            "+ input a, + input b, + input c, + input d, + input e, and 2 more",
        ),
    ],
)
def test_a_difference_is_said_in_a_phrase(before, after, said):
    assert describe(before, after) == said
