from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from procgen.errors import UnsupportedModelError
from procgen.frontends import python_answers, read_model
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from tests.other_libraries_zoo import ZOO, chance, fitted, glm, numbers, rates, score
from tests.unit.frontends.other_parity import assert_equal, read

NAMES = [name for name in ZOO if name.startswith("sm ")]


@pytest.mark.parametrize("name", NAMES)
def test_scores_stay_within_the_bound(name) -> None:
    assert not assert_equal(fitted(name)).exact


def test_the_constant_is_no_input() -> None:
    assert [field.name for field in read(fitted("sm ols")).program.inputs] == ["dose", "level"]


def test_an_unusual_constant_keeps_its_value() -> None:
    model = fitted("sm ols, constant last")
    program = read(model).program
    rows = [{"dose": 0.0, "level": 0.0}]
    want = float(model.params["const"]) * 2.5
    assert interpret(program, rows)[OutputName.PREDICT] == [want]


@pytest.mark.parametrize("value", [None, np.inf, -np.inf])
def test_a_row_without_a_finite_number_is_not_scored(value) -> None:
    model = fitted("sm logit")
    program = read(model).program
    rows = [{"dose": value, "level": 1.0}, {"dose": 0.5, "level": 1.0}]
    got, want = interpret(program, rows), python_answers(model, program.inputs, rows)
    for name in (OutputName.PREDICT, OutputName.MARGIN):
        assert [got[name][0], want[name][0]] == [None, None]
        assert None not in (got[name][1], want[name][1])


def test_an_offset_is_left_out_as_predict_leaves_it_out() -> None:
    exposed = sm.Poisson(score().round().clip(0), rates(), exposure=np.full(len(score()), 2.0))
    assert_equal(exposed.fit(disp=0))
    family = sm.families.Poisson()
    moved = sm.GLM(score().clip(0), rates(), family=family, offset=np.ones(len(score())))
    assert_equal(moved.fit())


def test_a_formula_is_refused() -> None:
    model = smf.ols("y ~ dose", numbers().assign(y=score())).fit()
    with pytest.raises(UnsupportedModelError, match="formula"):
        read_model(model)


def test_the_normal_distribution_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="link Probit"):
        read(sm.Probit(chance(), rates()).fit(disp=0))


@pytest.mark.parametrize("name", ["Probit", "Cauchy", "CLogLog", "LogLog"])
def test_links_that_lose_digits_are_refused(name) -> None:
    link = getattr(sm.families.links, name)()
    with pytest.raises(UnsupportedModelError, match=f"link {name}"):
        read(glm(sm.families.Binomial(link=link), chance()))
