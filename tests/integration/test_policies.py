"""`--on-missing` and `--on-unseen` in every database: the routine, and the SELECT without one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of, open_database
from procgen.errors import DatabaseError
from procgen.ir.policies import Policies, Policy, Rule
from procgen.verify import verify
from procgen.verify.scoring import install, routine_writer, score

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": RANDOM.normal(40, 9, 90), 'pl"an %': RANDOM.choice(["a", "b'c"], 90)})
LABELS = (FRAME["age"] + 9 * (FRAME['pl"an %'] == "a") > 44).astype(int)
SEEN = {"age": 30.0, 'pl"an %': "a"}
MISSING = {**SEEN, "age": None}
NAN = {**SEEN, "age": float("nan")}
UNSEEN = {**SEEN, 'pl"an %': "z"}
NO_PLAN = {**SEEN, 'pl"an %': None}
ERRORS = {
    "missing": (Policies(missing=Rule(Policy.ERROR)), [MISSING, NAN, NO_PLAN], [SEEN, UNSEEN]),
    "unseen": (Policies(unseen=Rule(Policy.ERROR)), [UNSEEN], [SEEN, MISSING, NO_PLAN]),
    "one input": (
        Policies(Rule(by_input={"age": Policy.ERROR}), Rule(by_input={'pl"an %': Policy.NULL})),
        [MISSING, NAN],
        [SEEN, UNSEEN, NO_PLAN],
    ),
}


def trained(estimator):
    encoder = OneHotEncoder(handle_unknown="ignore", drop="first")
    columns = ColumnTransformer([("plan", encoder, ['pl"an %'])], remainder="passthrough")
    return make_pipeline(columns, estimator).fit(FRAME, LABELS)


MODELS = {
    "linear": trained(LogisticRegression()),
    "tree": trained(DecisionTreeClassifier(max_depth=3, random_state=0)),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rule", ERRORS)
def test_an_error_names_the_input_and_spares_the_other_rows(
    model, rule, shared_database_url
) -> None:
    policies, stopped, scored = ERRORS[rule]
    engine = engine_of(shared_database_url)
    artifact = compile_model(MODELS[model], name="strict", target=engine, policies=policies)
    with open_database(shared_database_url) as database:
        for row in stopped:
            name = 'pl"an %' if row["age"] == SEEN["age"] else "age"
            wrong = "not a category" if row is UNSEEN else "missing"
            message = f"(: |Error: )the input {name} is {wrong}"
            with database.rehearsal(), pytest.raises(DatabaseError, match=message):
                ask(database, artifact, [SEEN, row])
        with database.rehearsal():
            predictions = ask(database, artifact, scored)["predict"]
    assert predictions[0] is not None
    assert len(predictions) == len(scored)


def ask(database, artifact, rows):
    writer = routine_writer(artifact.lowered, artifact.target, "ml", "strict_v1")
    install(database, artifact, writer)
    return score(database, writer, rows)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rule", [*ERRORS, "null"])
def test_rows_without_an_error_score_as_python_says_or_null(
    model, rule, shared_database_url
) -> None:
    quiet = Policies(Rule(Policy.NULL), Rule(Policy.NULL))
    policies = quiet if rule == "null" else ERRORS[rule][0]
    engine = engine_of(shared_database_url)
    artifact = compile_model(MODELS[model], name="strict", target=engine, policies=policies)
    report = verify(artifact, MODELS[model], url=shared_database_url, random=60)
    assert report.ok, report.describe()


@pytest.mark.parametrize("model", MODELS)
def test_null_hides_what_the_model_would_score(model, shared_database_url) -> None:
    engine = engine_of(shared_database_url)
    policies = Policies(unseen=Rule(Policy.NULL))
    artifact = compile_model(MODELS[model], name="strict", target=engine, policies=policies)
    with open_database(shared_database_url) as database, database.rehearsal():
        assert ask(database, artifact, [UNSEEN])["predict"] == [None]
        assert ask(database, artifact, [SEEN])["predict"] != [None]


@pytest.mark.parametrize("model", MODELS)
def test_a_select_without_routines_raises_the_same_error(model, shared_database_url) -> None:
    engine = engine_of(shared_database_url)
    policies = Policies(missing=Rule(Policy.ERROR))
    artifact = compile_model(MODELS[model], name="strict", target=engine, policies=policies)
    with open_database(shared_database_url) as database:
        with database.rehearsal():
            database.load_rows("visits", artifact.program.inputs, [SEEN])
            assert len(database.fetch(artifact.select("visits"))) == 1
        with database.rehearsal():
            database.load_rows("visits", artifact.program.inputs, [SEEN, NAN])
            with pytest.raises(DatabaseError, match="input age is missing"):
                database.fetch(artifact.select("visits"))


def test_postgres_raises_the_message_alone_and_a_code_for_wrong_data(postgres15_url) -> None:
    policies = Policies(missing=Rule(Policy.ERROR))
    artifact = compile_model(MODELS["tree"], name="strict", target="postgres", policies=policies)
    with open_database(postgres15_url) as database, database.rehearsal():
        writer = routine_writer(artifact.lowered, artifact.target, "ml", "strict_v1")
        install(database, artifact, writer)
        with pytest.raises(DatabaseError) as raised:
            score(database, writer, [NAN])
    found = raised.value.__cause__.orig
    assert (found.diag.message_primary, found.sqlstate) == ("the input age is missing", "22000")


def test_postgres_still_inlines_a_routine_that_may_raise(postgres15_url) -> None:
    policies = Policies(missing=Rule(Policy.ERROR), unseen=Rule(Policy.ERROR))
    artifact = compile_model(MODELS["linear"], name="strict", target="postgres", policies=policies)
    with open_database(postgres15_url) as database, database.rehearsal():
        writer = routine_writer(artifact.lowered, artifact.target, "ml", "strict_v1")
        install(database, artifact, writer)
        database.load_rows("visits", artifact.program.inputs, [SEEN])
        query = 'SELECT ml.strict_v1_margin("age", "pl""an %") FROM visits'
        plan = database.fetch(f"EXPLAIN (VERBOSE, COSTS OFF) {query}")
        assert "strict_v1_refuse" in str(plan)
        assert "strict_v1_margin" not in str(plan)
        assert database.fetch(query)[0][0] is not None


def test_no_row_is_refused_while_a_query_is_planned(postgres15_url) -> None:
    policies = Policies(missing=Rule(Policy.ERROR))
    artifact = compile_model(MODELS["tree"], name="strict", target="postgres", policies=policies)
    with open_database(postgres15_url) as database, database.rehearsal():
        writer = routine_writer(artifact.lowered, artifact.target, "ml", "strict_v1")
        install(database, artifact, writer)
        database.load_rows("visits", artifact.program.inputs, [NAN])
        query = 'SELECT ml.strict_v1("age", "pl""an %") FROM visits WHERE false'
        assert database.fetch(query) == []
