"""Roots, logarithms, exponentials and the normal quantile, as each engine spells them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from procgen.backends import dialect_named
from procgen.databases.opening import engine_of, open_database
from procgen.ir.expressions import Function
from procgen.ir.numpy_functions import NUMBER_FUNCTIONS
from procgen.ir.span_functions import ULPS
from procgen.ir.spans import LINK_ULPS
from procgen.ir.types import DType, Field

RANDOM = np.random.default_rng(0)
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 0.075, 0.925, 5e-324, -5e-324, 1e-310, 1e-18, 2e-17, 1e300]
LIMITS = [709.7827128933841, 709.782712893384, 710.0, -745.2, -50.0, 1.7976931348623157e308]
VALUES = [
    *EDGES,
    *LIMITS,
    *(math.inf, -math.inf, math.nan, None),
    *RANDOM.normal(size=800).tolist(),
    *(10.0 ** RANDOM.uniform(-300, 300, 400)).tolist(),
    *(-(10.0 ** RANDOM.uniform(-300, 3, 400))).tolist(),
    *RANDOM.uniform(0, 1, 800).tolist(),
    *RANDOM.uniform(-800, 800, 400).tolist(),
]


@pytest.mark.parametrize("function", NUMBER_FUNCTIONS)
def test_a_function_is_total_and_as_close_to_numpy_as_the_bound_says(
    function, shared_database_url
) -> None:
    dialect = dialect_named(engine_of(shared_database_url))
    fields = (Field("x", DType.FLOAT64),)
    with open_database(shared_database_url) as database, database.rehearsal():
        key = database.load_rows("numbers", fields, [{"x": value} for value in VALUES])
        call = dialect.functions[function].format("x")
        answers = database.fetch(f"SELECT {call} FROM numbers ORDER BY {key}")
    ulps = 0 if function is Function.SQRT else ULPS.get(function, LINK_ULPS)
    for value, (got,) in zip(VALUES, answers, strict=True):
        want = math.nan if value is None else NUMBER_FUNCTIONS[function](value)
        if math.isnan(want):
            assert got is None or math.isnan(got), value
        elif math.isinf(want):
            assert got == want, value
        else:
            assert abs(got - want) <= ulps * np.spacing(abs(want)), (value, got, want)
