"""Checks 12 to 14: a facade keeps its signature, says all its attributes, and is inlined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import psycopg
import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier

OVERLOADS = {
    "duckdb": (
        "SELECT count(*) FROM duckdb_functions() WHERE schema_name = 'ml' "
        "AND function_name = 'churn'"
    ),
    "postgres": "SELECT count(*) FROM pg_proc WHERE proname = 'churn'",
}
ATTRIBUTES = """
SELECT provolatile::text, proparallel::text, proisstrict, prosecdef, proleakproof, procost,
    proconfig, proacl::text, pg_get_userbyid(proowner)::text, obj_description(oid)
FROM pg_proc WHERE proname = 'churn'
"""


def test_12_another_signature_is_refused_and_both_are_named(team):
    team.champion(2.0)
    team.compile(3.0, inputs=("x", "tenure"))
    code, _, err = team.run("promote", "churn", "v2", "--target", team.engine)
    assert code == 3
    number = "DOUBLE" if team.engine == "duckdb" else "double precision"
    assert f'ml.churn("x" {number}, "tenure" {number})' in err
    assert f'ml.churn("x" {number}) ->' in err
    assert "--new-facade churn2" in err
    team.ok("apply")
    assert team.fetch(OVERLOADS[team.engine]) == [(1,)]


def test_12_a_new_facade_or_an_overload_are_made_when_they_are_asked_for(team):
    team.champion(2.0)
    team.compile(3.0, inputs=("x", "tenure"))
    team.write("promote", "churn", "v2", "--new-facade", "churn2")
    team.write("promote", "churn", "v2", "--overload")
    team.ok("apply")
    assert team.fetch("SELECT ml.churn(1), ml.churn(1, 1), ml.churn2(1, 1)") == [(2.0, 4.0, 4.0)]
    assert team.fetch(OVERLOADS[team.engine]) == [(2,)]
    assert team.states() == [("churn", 1, "champion"), ("churn", 2, "champion")]
    team.compile(5.0)
    team.write("promote", "churn", "v3")
    team.ok("apply")
    assert team.fetch("SELECT ml.churn(1), ml.churn(1, 1)") == [(5.0, 4.0)]
    assert team.states() == [
        ("churn", 1, "created"),
        ("churn", 2, "champion"),
        ("churn", 3, "champion"),
    ]
    team.ok("rollback", "--to", "0005")
    assert team.fetch("SELECT ml.churn(1), ml.churn2(1, 1)") == [(2.0, 4.0)]
    assert team.fetch(OVERLOADS[team.engine]) == [(1,)]
    assert team.on("drift")[0] == 0


def test_12_another_name_of_the_same_input_is_another_signature(team):
    team.champion(2.0)
    team.compile(3.0, inputs=("y",))
    for words in ((), ("--overload",)):
        code, _, err = team.run("promote", "churn", "v2", "--target", team.engine, *words)
        assert (code, '"y"' in err, '"x"' in err) == (3, True, True)


def test_12_a_promotion_that_changes_nothing_is_refused(team):
    team.champion(2.0)
    code, _, err = team.run("promote", "churn", "v1", "--target", team.engine)
    assert (code, "answered by churn v1 already" in err) == (3, True)
    code, _, err = team.run("promote", "churn", "v9", "--target", team.engine)
    assert (code, "creates no churn v9" in err) == (3, True)


def test_12_a_facade_that_would_share_a_routine_with_a_model_is_refused(team):
    team.champion(2.0)
    team.compile(3.0, name="churn_proba")
    code, _, err = team.run("promote", "churn_proba", "v1", "--target", team.engine)
    assert (code, "would both be called churn_proba" in err) == (3, True)


def test_12_a_shadow_scores_beside_the_champion_and_changes_no_answer(team):
    team.champion(2.0)
    team.compile(3.0)
    team.write("promote", "churn", "--shadow", "v2")
    team.ok("apply")
    assert team.fetch("SELECT ml.churn(1), ml.churn_shadow(1)") == [(2.0, 3.0)]
    assert team.states() == [("churn", 1, "champion"), ("churn", 2, "shadow")]
    team.write("retire", "churn_shadow")
    team.write("promote", "churn", "v2")
    team.ok("apply")
    assert team.value("ml.churn(1)") == 3.0
    names = (name.partition("(")[0].rpartition(".")[2] for name in team.objects())
    assert sorted(name for name in names if not name.endswith("_rows")) == [
        "churn",
        "churn_v1",
        "churn_v2",
    ]


@pytest.mark.postgres
def test_13_a_moved_facade_is_what_a_fresh_install_has(postgres_team, dump):
    team = postgres_team
    team.champion(2.0)
    first = team.fetch(ATTRIBUTES)
    before = dump(team.url)
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    team.ok("apply")
    moved = team.fetch(ATTRIBUTES)
    assert moved[0][:-1] == first[0][:-1]
    assert moved[0] == (
        *("s", "s", False, False, False, 100.0, None),
        "{postgres=X/postgres,=X/postgres}",
        "postgres",
        "procgen facade of churn v2",
    )
    team.ok("rollback", "--to", "0003")
    assert dump(team.url) == before


@pytest.mark.postgres
def test_13_roles_of_the_project_may_call_and_nobody_else(postgres15_team):
    team = postgres15_team
    settings = team.root / "procgen.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("roles = []", 'roles = ["pg_monitor"]'), encoding="utf-8")
    team.champion(2.0)
    may = (
        f"has_function_privilege('{role}', 'ml.{name}(double precision)', 'execute')"
        for name in ("churn", "churn_v1")
        for role in ("pg_monitor", "pg_checkpoint")
    )
    assert [team.value(one) for one in may] == [True, False, True, False]
    settings.write_text(text.replace("roles = []", 'roles = ["pg_checkpoint"]'), encoding="utf-8")
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    team.ok("apply")
    assert team.value("proacl::text FROM pg_proc WHERE proname = 'churn'") == (
        "{postgres=X/postgres,pg_checkpoint=X/postgres}"
    )
    team.ok("rollback", "--steps", "1")
    assert team.value("proacl::text FROM pg_proc WHERE proname = 'churn'") == (
        "{postgres=X/postgres,pg_monitor=X/postgres}"
    )


@pytest.mark.postgres
def test_13_a_hand_made_setting_of_a_facade_is_gone_after_the_next_promotion(postgres15_team):
    team = postgres15_team
    team.champion(2.0)
    team.execute("ALTER FUNCTION ml.churn(double precision) SET work_mem = '1MB' VOLATILE COST 9;")
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    assert team.on("apply")[0] == 3
    team.ok("apply", "--allow-drift")
    assert team.fetch(ATTRIBUTES)[0][:7] == ("s", "s", False, False, False, 100.0, None)


@pytest.fixture
def tree_team(postgres_team, tmp_path):
    """A champion that is a real classifier, with all its outputs."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(60, 2))
    model = DecisionTreeClassifier(max_depth=3, random_state=0)
    labels = np.where(table.sum(axis=1) > 0, "stays", "leaves")
    model.fit(pd.DataFrame(table, columns=["age", "income"]), labels)
    (tmp_path / "m.skops").write_bytes(skops.io.dumps(model))
    postgres_team.write("compile", tmp_path / "m.skops", "--name", "churn")
    postgres_team.write("promote", "churn", "v1")
    postgres_team.ok("apply")
    return postgres_team, model


@pytest.mark.postgres
def test_14_the_facade_is_inlined(tree_team):
    team, _ = tree_team
    with psycopg.connect(team.url) as connection:
        connection.execute("CREATE TABLE public.t (age float8, income float8)")
        call = "SELECT ml.churn_proba(age, income) FROM public.t"
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN VERBOSE {call}"))
    assert "CASE WHEN" in plan
    assert "churn" not in plan.replace("procgen", "")


@pytest.mark.postgres
def test_14_every_output_has_a_facade_that_answers_as_the_model(tree_team):
    team, model = tree_team
    row = pd.DataFrame({"age": [0.5], "income": [-1.25]})
    args = "'0.5'::float8, '-1.25'::float8"
    assert team.value(f"ml.churn({args})") == model.predict(row)[0]
    assert team.value(f"ml.churn_proba({args})") == model.predict_proba(row)[0][1]
    assert team.value(f"ml.churn_margin({args})") == tuple(model.predict_proba(row)[0])
