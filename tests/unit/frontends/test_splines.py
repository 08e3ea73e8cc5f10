from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import SplineTransformer

from procgen.errors import UnsupportedModelError
from procgen.ir.interpreter import admits, interpret
from procgen.ir.program import OutputName
from tests.unit.frontends.numeric_columns import HOLED, X, largest_difference, rows_of
from tests.unit.frontends.transformer_parity import read_columns

EXTRAPOLATIONS = ["constant", "linear", "continue", "error"]


def rows_near(step) -> list[dict]:
    """Training rows, and rows on, beside and a little outside the knots."""
    rows = rows_of(X)[:20]
    for place, spline in enumerate(step.bsplines_):
        width = spline.t[-1] - spline.t[0]
        for knot in spline.t.tolist():
            beside = (np.nextafter(knot, -9e9), np.nextafter(knot, 9e9), knot + width / 9)
            for value in (knot, *beside):
                rows.append({**rows[0], f"x{place}": float(value)})
    return rows


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("extrapolation", EXTRAPOLATIONS)
@pytest.mark.parametrize("knots", ["uniform", "quantile"])
@pytest.mark.parametrize("include_bias", [True, False])
def test_splines_are_within_a_few_epsilons_of_sklearn(
    degree, extrapolation, knots, include_bias
) -> None:
    step = SplineTransformer(
        degree=degree, extrapolation=extrapolation, knots=knots, include_bias=include_bias
    ).fit(X)
    rows = rows_near(step)
    assert largest_difference(step, read_columns(step), rows, scale=1.0) < 256


def test_missing_values_become_zeros_if_told() -> None:
    step = SplineTransformer(handle_missing="zeros").fit(HOLED)
    program = read_columns(step)
    row = {**rows_of(X)[0], "x1": None}
    (got,) = interpret(program, [row])[OutputName.MARGIN]
    assert got[7:14] == (0.0,) * 7
    assert largest_difference(step, program, [row], scale=1.0) < 256


def test_missing_values_are_refused_otherwise() -> None:
    program = read_columns(SplineTransformer().fit(X))
    assert not admits(program, {**rows_of(X)[0], "x1": None})


@pytest.mark.parametrize(
    "step",
    [
        SplineTransformer(extrapolation="periodic"),
        SplineTransformer(degree=0),
        SplineTransformer(degree=1, extrapolation="linear"),
    ],
    ids=["periodic", "steps", "lines"],
)
def test_splines_that_a_database_cannot_follow_are_refused(step) -> None:
    with pytest.raises(UnsupportedModelError, match="SplineTransformer"):
        read_columns(step.fit(X))
