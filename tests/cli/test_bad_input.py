from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import FactorAnalysis
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from procgen.cli import main
from tests.cli.conftest import line, snapshot, tree


@pytest.fixture
def refuse(project, run):
    """Runs a compile that must be refused with nothing written; its stderr."""

    def refused(*words):
        before = snapshot(project)
        code, out, err = run("compile", *words)
        assert (code, out) == (3, "")
        assert err.startswith("error: ")
        assert "Traceback" not in err
        assert snapshot(project) == before
        return err

    return refused


def test_an_unfitted_model(refuse, save):
    err = refuse(save(LinearRegression()), "--name", "churn")
    assert "has not been trained" in err


def test_a_step_without_an_estimator_behind_it_says_so(refuse, save):
    model = FactorAnalysis(1).fit(np.eye(6))
    err = refuse(save(model), "--name", "churn")
    assert "sklearn.decomposition.FactorAnalysis makes columns and gives no scores" in err
    assert "end the pipeline with an estimator" in err


def test_a_pickle_without_trust(refuse, tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(tree()))
    err = refuse(tmp_path / "model.pkl", "--name", "churn")
    assert "--trust" in err


def test_a_pickle_with_trust_is_read(run, tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(tree()))
    code, out, _ = run("compile", tmp_path / "model.pkl", "--name", "churn", "--trust")
    assert code == 0
    assert out.startswith("churn v1 ")


@pytest.mark.parametrize("name", ["model.skops", "model.pkl", "model.joblib"])
def test_a_corrupt_file(refuse, tmp_path, name):
    (tmp_path / name).write_bytes(b"not a model")
    err = refuse(tmp_path / name, "--name", "churn", "--trust")
    assert name in err


def test_a_truncated_file(refuse, tmp_path, save):
    whole = save(tree())
    (tmp_path / "cut.skops").write_bytes(Path(whole).read_bytes()[:-200])
    assert "cut.skops" in refuse(tmp_path / "cut.skops", "--name", "churn")


def test_a_file_that_is_not_there(refuse, tmp_path):
    assert "no.skops does not exist" in refuse(tmp_path / "no.skops", "--name", "churn")


def test_missing_feature_names_ask_for_inputs(refuse, save):
    err = refuse(save(tree(names=None)), "--name", "churn")
    assert "2 columns" in err
    assert "--inputs" in err


def test_a_name_given_twice(refuse, save, tmp_path):
    (tmp_path / "schema.json").write_text('["age", "age"]')
    words = ("--name", "churn", "--inputs", tmp_path / "schema.json")
    assert "'age' is given twice" in refuse(save(tree(names=None)), *words)


def test_a_name_of_more_than_63_bytes(refuse, save):
    name = "x" * 62 + "é"
    err = refuse(save(tree(names=(name, "b"))), "--name", "churn", "--target", "postgres")
    assert name in err
    assert "63" in err


def test_names_that_sql_must_quote_are_applied_and_scored(run, save):
    names = ('a"b', "c''d$$", "e%s :x", "f g", "h\\i🎉", "select")
    code, _, err = run("compile", save(tree(names=names)), "--name", "churn")
    assert (code, err) == (0, "")
    code, out, err = run("apply")
    assert (code, err) == (0, "")
    assert "created ml.churn_v1" in out


def pipeline(categories):
    frame = pd.DataFrame({"plan": np.array(categories, dtype=object)})
    columns = ColumnTransformer([("plan", OneHotEncoder(handle_unknown="ignore"), ["plan"])])
    return make_pipeline(columns, LinearRegression()).fit(frame, np.arange(len(frame)) * 1.0)


def test_categories_that_sql_must_quote_are_applied(run, save):
    model = save(pipeline(["it's", 'a "b"', "c\\d", "e$$f", "%s", ":x", "", "🎉"]))
    code, _, err = run("compile", model, "--name", "churn")
    assert (code, err) == (0, "")
    code, _, err = run("apply")
    assert (code, err) == (0, "")


def test_a_category_with_nul_is_refused_for_postgres(refuse, save):
    model = save(pipeline(["a\0b", "c"]))
    err = refuse(model, "--name", "churn", "--target", "postgres")
    assert "NUL" in err


def test_a_model_with_no_inputs(refuse, save):
    model = line([1.0], ["x"])
    model.coef_, model.n_features_in_ = np.empty(0), 0
    del model.feature_names_in_
    assert "has no inputs" in refuse(save(model), "--name", "churn")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_coefficient_that_is_not_finite(refuse, save, value):
    err = refuse(save(line([1.0, value], ["x", "y"])), "--name", "churn")
    assert "coef" in err


def test_more_inputs_than_postgres_has_columns(refuse, save):
    names = [f"x{number}" for number in range(1601)]
    err = refuse(save(line([1.0] * 1601, names)), "--name", "churn", "--target", "postgres")
    assert "1601 inputs" in err
    assert "1600" in err


def test_a_name_that_cannot_be_a_routine(refuse, save):
    assert "'my model' cannot name a model" in refuse(save(tree()), "--name", "my model")


def test_inputs_that_are_not_there(refuse, save, tmp_path):
    words = ("--name", "churn", "--inputs", tmp_path / "no.json")
    assert "no.json" in refuse(save(tree()), *words)


def test_a_folder_with_other_content(tmp_path, capsys):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "churn.txt").write_text("mine")
    before = snapshot(tmp_path)
    assert main(["init", str(tmp_path)]) == 3
    assert "churn.txt is there already" in capsys.readouterr().err
    assert snapshot(tmp_path) == before


def test_a_folder_that_is_a_file(tmp_path, capsys):
    (tmp_path / "spare").write_text("mine")
    assert main(["init", str(tmp_path / "spare")]) == 3
    assert "is a file" in capsys.readouterr().err


def test_a_demo_in_a_folder_with_other_content(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["demo", "--dir", str(tmp_path)]) == 3
    assert "holds other files" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
