from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import PowerTransformer

from procgen.errors import UnsupportedModelError
from procgen.frontends.power import yeo_johnson
from procgen.ir.curves import curve
from procgen.ir.expressions import Column
from procgen.ir.interpreter import evaluate
from tests.unit.frontends.numeric_columns import (
    HOLED,
    POSITIVE,
    X,
    assert_equal,
    largest_difference,
    rows_of,
)
from tests.unit.frontends.transformer_parity import read_columns

POWERS = [-3.0, -0.5, 0.0, 1e-17, 0.3, 1.0, 2.0, 2.0 + 1e-16, 2.5, 7.0]


@pytest.mark.parametrize("standardize", [True, False])
def test_yeo_johnson_equals_sklearn_bit_for_bit(standardize) -> None:
    step = PowerTransformer(standardize=standardize).fit(HOLED)
    scored, _ = assert_equal(step, X)
    assert scored > 50


@pytest.mark.parametrize("power", POWERS)
def test_yeo_johnson_of_any_power_has_scipy_bits_and_is_a_curve(power) -> None:
    values = np.concatenate([np.random.default_rng(1).normal(size=200) * 5, [0.0, -0.0, 1e300]])
    with np.errstate(all="ignore"):
        want = stats.yeojohnson(values, power).tolist()
    formula = yeo_johnson(Column("x"), power)
    assert [evaluate(formula, {"x": value}, {}) for value in values.tolist()] == want
    assert curve(formula) is not None


def test_yeo_johnson_by_another_formula_is_refused(monkeypatch) -> None:
    step = PowerTransformer().fit(X)
    monkeypatch.setattr(stats, "yeojohnson", lambda x, power: ((x + 1) ** power - 1) / power)
    with pytest.raises(UnsupportedModelError, match=r"Yeo-Johnson.*SciPy"):
        read_columns(step)


@pytest.mark.parametrize("standardize", [True, False])
def test_box_cox_is_within_a_few_epsilons_and_refuses_what_is_not_positive(standardize) -> None:
    step = PowerTransformer("box-cox", standardize=standardize).fit(POSITIVE)
    program = read_columns(step)
    ordinary = rows_of(POSITIVE)[:20]
    assert largest_difference(step, program, ordinary, scale=1.0) < 16
    assert all("not positive" in r.reason for r in program.requirements[:3])
    for value in (0.0, -0.0, -1.0, -np.inf, np.inf):
        assert largest_difference(step, program, [{**ordinary[0], "x1": value}]) == 0.0
