"""`procgen check`: each step with its verdict, what each engine would get, and the exit code."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from procgen.cli import main
from tests.cli.conftest import tree

SIZE = 60
FRAME = pd.DataFrame(
    {
        "age": np.linspace(20.0, 70.0, SIZE),
        "fee": np.linspace(3.0, -8.0, SIZE) ** 2,
        "plan": np.array(["basic", "pro", "team"])[np.arange(SIZE) % 3],
    }
)
LABELS = ((FRAME["age"] > 40) ^ (FRAME["plan"] == "pro")).astype(int)


def prepared(estimator, *, numbers=None):
    """A pipeline of imputed and encoded columns before the estimator."""
    columns = ColumnTransformer(
        [
            ("filled", numbers or SimpleImputer(strategy="median"), ["age", "fee"]),
            ("encoded", OneHotEncoder(handle_unknown="ignore"), ["plan"]),
        ]
    )
    return make_pipeline(columns, estimator).fit(FRAME, LABELS)


@pytest.fixture
def check(save, capsys):
    """Checks a model: the exit code, and what was printed."""

    def checked(model, *options):
        path = save(model) if not isinstance(model, str) else model
        capsys.readouterr()
        code = main(["check", path, *options])
        out, err = capsys.readouterr()
        assert err == ""
        return code, out

    return checked


@pytest.fixture
def steps(check):
    """Each step's verdict and note, by its name, from the JSON."""

    def listed(model):
        code, out = check(model, "--json")
        answer = json.loads(out)
        assert (code == 0) == answer["ok"]
        return {step["step"]: (step["parity"], step["note"]) for step in answer["steps"]}

    return listed


def test_every_step_has_a_row_with_its_verdict(check):
    model = prepared(GradientBoostingClassifier(n_estimators=5, max_depth=2, random_state=0))
    code, out = check(model)
    assert code == 0
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert rows[0].startswith(
        "model.skops Pipeline: ColumnTransformer > GradientBoostingClassifier scikit-learn "
    )
    assert rows[1:14] == [
        "step class parity note",
        "columntransformer > filled (2 columns) SimpleImputer exact median",
        "columntransformer > encoded (plan) OneHotEncoder exact 3 categories, unseen: ignore",
        "gradientboostingclassifier GradientBoostingClassifier exact",
        "inputs type names",
        "2 float64 age, fee",
        "1 text plan",
        "output type parity",
        "predict int64 equal",
        "proba float64 within 4 ULP of the library's link",
        "margin float64 equal",
        "size 5 trees, 35 nodes, depth 2",
        "engine lowering SQL inputs limits",
    ]
    assert rows[14].startswith("duckdb one expression ")
    assert rows[15].endswith("3 of 100 arguments ok")


def test_a_bounded_step_says_why_and_so_does_what_follows_it(steps):
    model = make_pipeline(StandardScaler(), PCA(1), DecisionTreeClassifier(max_depth=2))
    assert steps(model.fit(FRAME[["age", "fee"]], LABELS)) == {
        "standardscaler": ("exact", ""),
        "pca": ("bounded", "weighted sums, which BLAS adds in its own order"),
        "decisiontreeclassifier": ("bounded", "what it is given is bounded"),
    }


def test_the_models_inside_a_model_are_listed(steps):
    voters = [
        ("forest", RandomForestClassifier(3, max_depth=2, random_state=0)),
        ("line", make_pipeline(StandardScaler(), LogisticRegression())),
    ]
    model = VotingClassifier(voters, voting="soft").fit(FRAME[["age", "fee"]], LABELS)
    assert steps(model) == {
        "model": ("bounded", "as the models inside it"),
        "model > randomforestclassifier": ("exact", ""),
        "model > pipeline > standardscaler": ("exact", ""),
        "model > pipeline > logisticregression": (
            "bounded",
            "weighted sums, which BLAS adds in its own order",
        ),
    }


def test_every_refused_class_is_named_and_the_others_keep_their_verdict(check, steps):
    model = prepared(SVC(), numbers=KNNImputer(n_neighbors=2))
    found = steps(model)
    assert found["columntransformer > filled (2 columns)"] == (
        "refused",
        "sklearn.impute.KNNImputer looks up the nearest training rows, which the SQL would have to"
        " carry; impute with SimpleImputer",
    )
    assert found["columntransformer > encoded (plan)"][0] == "exact"
    assert found["svc"][0] == "bounded"
    code, out = check(model)
    assert code == 1
    assert out.endswith("1 step is refused. Nothing was written.\n")


def test_a_refused_option_is_said_of_the_step_that_has_it(steps):
    columns = make_pipeline(FunctionTransformer(np.cos), StandardScaler())
    found = steps(prepared(Ridge(), numbers=columns))
    refused = {name for name, (parity, _) in found.items() if parity == "refused"}
    assert refused == {"columntransformer > filled (2 columns) > functiontransformer"}
    ((_, note),) = (found[name] for name in refused)
    assert "cos" in note


def test_the_json_lists_inputs_outputs_size_and_engines(check):
    _, out = check(prepared(LogisticRegression()), "--json")
    answer = json.loads(out)
    assert answer["inputs"][2] == {"name": "plan", "dtype": "text"}
    assert [one["output"] for one in answer["outputs"]] == ["predict", "proba", "margin"]
    assert answer["outputs"][2]["parity"] == "within the bound of its sums"
    assert answer["size"] == {"trees": 0, "nodes": 0, "depth": 0}
    assert [engine["engine"] for engine in answer["engines"]] == ["duckdb", "postgres"]
    assert all(engine["bytes"] > 1_000 and not engine["problem"] for engine in answer["engines"])


def test_many_inputs_are_shortened_and_passed_as_a_row(check):
    code, out = check(tree(names=tuple(f"x{place}" for place in range(120))))
    assert code == 0
    assert "x0, x1, x2, x3, x4, x5, x6, ... x119\n" in out
    assert "120 of 1,600 fields of a row" in out


def test_a_model_that_an_engine_cannot_hold_ends_with_one(check):
    code, out = check(tree(names=tuple(f"x{place}" for place in range(1_700))))
    assert code == 1
    assert "the model has 1700 inputs, and postgres passes at most 1600" in out
