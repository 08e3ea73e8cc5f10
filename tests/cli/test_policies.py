"""`--on-missing` and `--on-unseen` of `procgen compile`: for all inputs, and for one by name."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.cli.conftest import snapshot, tree

AGES = np.linspace(20.0, 70.0, 60)
FRAME = pd.DataFrame({"age": AGES, "plan": np.array(["basic", "pro", "team"])[np.arange(60) % 3]})


@pytest.fixture
def model(save):
    """The path of a saved pipeline with a number and a text."""
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("plan", encoder, ["plan"])], remainder="passthrough")
    labels = (AGES + 9 * (FRAME["plan"] == "pro") > 45).astype(int)
    return save(make_pipeline(columns, LogisticRegression()).fit(FRAME, labels))


@pytest.fixture
def scores(run, model):
    """Compiles with some options; asks DuckDB about an age and a plan, both as SQL."""

    def asked(*options):
        code, script, err = run(
            "compile", model, "--name", "churn", "--target", "duckdb", "--stdout", *options
        )
        assert (code, err) == (0, "")
        database = duckdb.connect()
        database.execute("CREATE SCHEMA ml")
        database.execute(script)

        def ask(age, plan):
            query = f"SELECT ml.churn_v1_proba(CAST({age} AS DOUBLE), {plan})"
            return database.execute(query).fetchone()[0]

        return ask

    return asked


def test_a_model_decides_by_itself_unless_told_otherwise(scores):
    ask = scores()
    assert ask("30", "'pro'") is not None
    assert ask("30", "'unheard of'") is not None
    assert ask("NULL", "'pro'") is None


def test_an_error_for_every_missing_value_names_the_input(scores):
    ask = scores("--on-missing", "error")
    assert ask("30", "'unheard of'") is not None
    with pytest.raises(duckdb.InvalidInputException, match="the input age is missing"):
        ask("NULL", "'pro'")
    with pytest.raises(duckdb.InvalidInputException, match="the input plan is missing"):
        ask("30", "NULL")


def test_an_error_for_one_input_spares_the_others(scores):
    ask = scores("--on-missing", "plan=error")
    assert ask("NULL", "'pro'") is None
    with pytest.raises(duckdb.InvalidInputException, match="the input plan is missing"):
        ask("30", "NULL")


def test_one_input_may_differ_from_all_others(scores):
    ask = scores("--on-missing", "error,plan=null", "--on-unseen", "plan=error")
    assert ask("30", "NULL") is None
    with pytest.raises(duckdb.InvalidInputException, match="the input age is missing"):
        ask("NULL", "'pro'")
    with pytest.raises(duckdb.InvalidInputException, match="the input plan is not a category"):
        ask("30", "'unheard of'")


def test_null_for_every_unseen_category(scores):
    ask = scores("--on-unseen", "null")
    assert ask("30", "'unheard of'") is None
    assert ask("30", "'pro'") is not None


def test_the_script_says_which_policies_it_follows(run, model):
    for engine in ("duckdb", "postgres"):
        words = ("compile", model, "--name", "churn", "--target", engine, "--stdout")
        _, script, _ = run(*words, "--on-missing", "age=error", "--on-unseen", "null")
        assert '-- By policy: an error where "the input age is missing".' in script
        assert '-- By policy: NULL where "the input plan is not a category' in script


def test_another_policy_is_another_version(project, run, model):
    run("compile", model, "--name", "churn")
    code, out, _ = run("compile", model, "--name", "churn", "--on-missing", "error")
    assert code == 0
    assert out.startswith("churn v2 ")
    before = snapshot(project)
    code, out, _ = run("compile", model, "--name", "churn", "--on-missing", "error")
    assert (code, snapshot(project)) == (0, before)
    assert "nothing was written" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--on-missing", "size=error"), "'size' is not an input; these are: 'age', 'plan'"),
        (("--on-unseen", "size=null"), "'size' is not an input whose categories the model knows"),
        (("--on-unseen", "age=error"), "'age' is not an input whose categories the model knows"),
        (("--on-missing", "fail"), "--on-missing has 'fail'"),
        (("--on-missing", "age=fail"), "--on-missing has 'fail'"),
        (("--on-unseen", "plan=null,plan=error"), "--on-unseen names the input 'plan' twice"),
    ],
    ids=["no input", "no input with categories", "a number", "a word", "a word of one", "twice"],
)
def test_a_policy_that_cannot_be_followed_is_refused(project, run, model, options, words):
    before = snapshot(project)
    code, out, err = run("compile", model, "--name", "churn", *options)
    assert (code, out) == (3, "")
    assert words in err.replace("\nhint: ", "; ")
    assert snapshot(project) == before


def test_a_model_without_categories_says_that_there_are_none(run, save):
    code, _, err = run("compile", save(tree()), "--name", "churn", "--on-unseen", "age=null")
    assert code == 3
    assert "these are: none" in err


def test_a_version_that_may_raise_is_applied_and_rolled_back(run, model, postgres15_url):
    words = ("compile", model, "--name", "churn", "--target", "postgres")
    assert run(*words, "--on-missing", "error", "--on-unseen", "error")[0] == 0
    code, out, err = run("apply", "--url", postgres15_url)
    assert (code, err) == (0, "")
    assert run("drift", "--url", postgres15_url)[0] == 0
    assert run("verify", "--url", postgres15_url)[0] == 0
    code, out, _ = run("rollback", "--steps", "1", "--url", postgres15_url)
    assert (code, "churn_v1" in out) == (0, True)
