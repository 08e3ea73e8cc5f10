from __future__ import annotations

import glum
import numpy as np
import pandas as pd
import pytest

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends import read_model
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from tests.other_libraries_zoo import ZOO, chance, fitted, numbers, penalized, score
from tests.unit.frontends.other_parity import assert_equal, read

NAMES = [name for name in ZOO if name.startswith("glum")]


@pytest.mark.parametrize("name", NAMES)
def test_scores_stay_within_the_bound(name) -> None:
    assert not assert_equal(fitted(name)).exact


def test_a_probability_stops_short_of_0_and_1() -> None:
    program = read(fitted("glum binomial")).program
    rows = [{"dose": value, "level": 0.0} for value in (-1e6, 1e6)]
    nearest = 50 * np.finfo(np.float64).eps
    assert sorted(interpret(program, rows)[OutputName.PREDICT]) == [nearest, 1.0 - nearest]


def test_categories_encoded_by_glum_are_refused() -> None:
    columns = numbers().assign(plan=pd.Categorical(["basic", "pro"] * (len(numbers()) // 2)))
    with pytest.raises(UnsupportedModelError, match="categories"):
        read_model(penalized(score(), columns))


def test_a_formula_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="formula"):
        read_model(penalized(score(), formula="dose + level"))


def test_other_links_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="CloglogLink"):
        read_model(penalized(chance(), family="binomial", link="cloglog"))
    with pytest.raises(UnsupportedModelError, match=r"TweedieLink\(1\.5\)"):
        read_model(penalized(score().clip(1), family="gamma", link=glum.TweedieLink(1.5)))


def test_a_model_that_is_not_trained_is_refused() -> None:
    with pytest.raises(UnfittedModelError):
        read_model(glum.GeneralizedLinearRegressor())
