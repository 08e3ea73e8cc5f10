"""Before scikit-learn 1.8 `multi_class` chose the link of LogisticRegression; it still counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import softmax

from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName

X = np.random.default_rng(5).normal(size=(80, 2))
FRAME = pd.DataFrame(X, columns=["a", "b"])
ROWS = FRAME.to_dict("records")
TWO = X[:, 0] > 0
THREE = np.digitize(X[:, 0], [-0.5, 0.5])


def scores(target, multi_class, solver="lbfgs"):
    model = LogisticRegression().fit(FRAME, target)
    model.multi_class, model.solver = multi_class, solver
    found = interpret(read_model(model).program, ROWS)
    return np.array(found[OutputName.MARGIN]), np.array(found[OutputName.PROBA])


def assert_within_4_ulp(got, want):
    assert (np.abs(got - want) <= 4 * np.spacing(want)).all()


@pytest.mark.parametrize("multi_class", ["auto", "deprecated", "ovr", "warn"])
def test_two_classes_use_the_logistic_function(multi_class):
    margins, shares = scores(TWO, multi_class)
    assert_within_4_ulp(shares, expit(margins))


def test_two_multinomial_classes_use_the_softmax_of_both_signs():
    margins, shares = scores(TWO, "multinomial")
    assert_within_4_ulp(shares, softmax(np.column_stack([-margins, margins]))[:, 1])


@pytest.mark.parametrize("multi_class", ["auto", "deprecated", "multinomial"])
def test_three_classes_use_softmax(multi_class):
    margins, shares = scores(THREE, multi_class)
    assert_within_4_ulp(shares, softmax(margins))


@pytest.mark.parametrize(("multi_class", "solver"), [("ovr", "lbfgs"), ("auto", "liblinear")])
def test_three_classes_one_against_the_rest_share_their_sum(multi_class, solver):
    margins, shares = scores(THREE, multi_class, solver)
    parts = expit(margins)
    assert_within_4_ulp(shares, parts / parts.sum(axis=1, keepdims=True))


def test_unknown_multi_class_is_refused():
    with pytest.raises(UnsupportedModelError, match="multi_class='crammer'"):
        scores(THREE, "crammer")
