from __future__ import annotations

import sys

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR

from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from tests.other_libraries_zoo import chance, numbers, score, three
from tests.unit.frontends.other_parity import assert_equal

ROWS = 24
MACHINES = [
    SVC(),
    SVC(kernel="linear"),
    SVC(kernel="poly", degree=3),
    SVC(kernel="poly", degree=2, coef0=1.0),
    NuSVC(gamma=0.2),
    SVR(),
    SVR(kernel="poly", degree=5, gamma=0.1),
    NuSVR(),
    make_pipeline(StandardScaler(), SVC()),
]


def trained(model):
    target = score() if "SVR" in repr(model) else chance().astype(int)
    return model.fit(numbers()[:ROWS], target[:ROWS])


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: "".join(repr(model).split()))
def test_scores_stay_within_the_bound(model) -> None:
    source = assert_equal(trained(model), limit=40)
    assert source.bridged
    assert not source.exact


def test_other_models_are_not_bridged() -> None:
    assert not read_model(LinearRegression().fit(numbers(), score())).bridged


def test_more_classes_need_a_model_for_each() -> None:
    few = numbers()[:ROWS], three()[:ROWS]
    with pytest.raises(UnsupportedModelError, match="OneVsRestClassifier"):
        read_model(SVC().fit(*few))
    assert read_model(OneVsRestClassifier(SVC()).fit(*few)).bridged


def test_a_kernel_without_sql_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="TanhExpr"):
        read_model(trained(SVC(kernel="sigmoid")))
    with pytest.raises(UnsupportedModelError, match="precomputed"):
        read_model(SVC(kernel="precomputed").fit([[2, 1], [1, 2]], [0, 1]), ["x0", "x1"])


def test_more_support_vectors_than_m2cgen_reads_are_refused() -> None:
    rows = [[float(place)] for place in range(1500)]
    model = SVC(C=1e-3).fit(rows, [place % 2 for place in range(1500)])
    with pytest.raises(UnsupportedModelError, match="1500 support vectors"):
        read_model(model, ["x"])


def test_the_library_is_asked_for_by_name(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "m2cgen.assemblers", None)
    with pytest.raises(UnsupportedModelError, match="pip install m2cgen"):
        read_model(trained(SVC()))
