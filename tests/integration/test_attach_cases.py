"""`procgen test` asks what is attached too: cases become rows of its table, and go again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from procgen.compiler import compile_source
from procgen.frontends import Source
from procgen.ir.expressions import Column, Interval
from procgen.ir.program import Action, OutputName, Program, Requirement
from procgen.migrations.create import create_files
from procgen.migrations.writing import FileSet, joined, write_files
from procgen.verify.cases import Cases, print_cases
from tests.integration.attached import ATTACH, INPUTS, TABLE, attach, insert
from tests.integration.teams import linear

CASES = ((1.5, 10.0), (-0.0, 7.0), (200.0, 3.0), (1e9, 2.5))
"""The third one is refused, and an integer column cannot hold the income of the last one."""
TRIGGERS = {
    "duckdb": "SELECT sql FROM duckdb_triggers() ORDER BY trigger_name LIMIT 1",
    "postgres": "SELECT pg_get_functiondef('ml.churn_on_customers'::regproc)",
}


def add_version(team, factor=2.0):
    """The next version of churn with its cases, as champion; an age beyond 150 is refused."""
    program = linear(factor, inputs=INPUTS)
    young = Interval(-1.0, 150.0)
    reason = "beyond 150"
    rule = Requirement(
        Column("age"), young, accepts_missing=True, reason=reason, action=Action.REFUSE
    )
    program = Program(program.inputs, (rule,), program.bindings, program.outputs)
    source = Source(program, ("tests.Young",), {}, (), exact=True)
    version = team.versions["churn"] = team.versions.get("churn", 0) + 1
    artifact = compile_source(
        source, name="churn", target=team.engine, version=version, roles=("PUBLIC",)
    )
    rows = [dict(zip(INPUTS, pair, strict=True)) for pair in CASES]
    answers = [age * factor + income if age < 150 else None for age, income in CASES]
    cases = print_cases(program, Cases(rows, {OutputName.PREDICT: answers}))
    path = team.root / "models" / f"churn_v{version}.cases.parquet"
    files = create_files(team.project, artifact, {})
    write_files(joined([files, FileSet(((path, cases),))]))


def customers(team):
    """A champion with cases, and a table with one customer."""
    add_version(team)
    team.write("promote", "churn", "v1")
    team.execute(TABLE[team.engine])
    team.ok("apply")
    insert(team, (1, 3.5, 1))
    return team


def asked(team, *words):
    """The exit code of `procgen test`, and what it says of each way by its name."""
    code, out, err = team.on("test", "churn", "--json", "-", *words)
    assert out, err
    report = json.loads(out)["databases"][0]
    return code, {one["name"]: one for one in report["paths"] + report["unasked"]}


def kept(team):
    """Every row, and every number of a sequence, that a test could leave behind."""
    tables = team.fetch(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema IN ('app', 'ml', 'procgen') ORDER BY 1, 2"
    )
    numbers = {
        "duckdb": "SELECT sequence_name, last_value FROM duckdb_sequences() ORDER BY 1",
        "postgres": "SELECT sequencename::text, last_value FROM pg_sequences ORDER BY 1",
    }
    rows = {name: team.fetch(f"SELECT * FROM {'.'.join(name)} ORDER BY 1") for name in tables}
    return rows, team.fetch(numbers[team.engine])


def is_equal(found):
    counts = found["rows"], found["refused"], found["left_out"], found["mismatches"]
    return counts == (3, 1, 1, 0)


def test_every_form_is_asked_and_nothing_remains(team):
    customers(team)
    attach(team, "trigger")
    attach(team, "procedure")
    attach(team, "view")
    before = kept(team)
    code, ways = asked(team)
    assert code == 0
    assert list(ways)[:2] == ["ml.churn_v1", "ml.churn"]
    assert is_equal(ways["ml.churn_on_customers"])
    assert is_equal(ways["ml.customers_churn"])
    assert is_equal(ways["ml.churn_score"])
    assert kept(team) == before


@pytest.mark.parametrize("policy", ["abort", "null", "queue"])
def test_a_row_trigger_and_a_generated_column_are_asked(postgres15_team, policy):
    team = customers(postgres15_team)
    attach(team, "trigger", "--into-column", "score", "--on-error", policy)
    attach(team, "column")
    before = kept(team)
    code, ways = asked(team)
    assert code == 0
    assert is_equal(ways["ml.churn_on_customers"])
    assert is_equal(ways["app.customers.churn_v1"])
    assert kept(team) == before


def test_a_trigger_that_was_edited_is_found(team):
    customers(team)
    attach(team, "trigger")
    body = team.value(f"({TRIGGERS[team.engine]})")
    call = "ml.churn_v1(" if "ml.churn_v1(" in body else '"ml"."churn_v1"('
    assert call in body
    if team.engine == "duckdb":
        team.execute("DROP TRIGGER churn_on_customers_insert ON app.customers;")
    team.execute(body.replace(call, f"1 + {call}") + ";")
    code, ways = asked(team)
    assert (code, ways["ml.churn_v1"]["mismatches"]) == (1, 0)
    found = ways["ml.churn_on_customers"]
    assert [(one["row"], one["expected"], one["got"]) for one in found["findings"]] == [
        (0, "13.0", "14.0"),
        (1, "7.0", "8.0"),
    ]
    assert "14.0" in team.on("test", "churn")[1]


def test_a_shadow_is_asked_by_the_trigger_of_its_champion(team):
    customers(team)
    attach(team, "trigger")
    attach(team, "view")
    add_version(team, 3.0)
    team.write("promote", "churn", "--shadow", "v2")
    team.ok("apply")
    for version, names in [("v1", {"ml.churn_on_customers", "ml.customers_churn"}), ("v2", set())]:
        code, ways = asked(team, "--version", version)
        assert code == 0
        assert is_equal(ways["ml.churn_on_customers"])
        assert names <= ways.keys()
    assert "ml.customers_churn" not in ways


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("ADD COLUMN plan text; ALTER TABLE app.customers ALTER plan SET NOT NULL", "plan"),
        ("ADD CHECK (age < 100)", "check"),
        ("ADD COLUMN city int DEFAULT 7 REFERENCES app.cities", "foreign key"),
        (
            "ADD CHECK (true); CREATE FUNCTION app.guard() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE 'closed on Sundays'; END$$; CREATE TRIGGER guard BEFORE INSERT ON "
            "app.customers FOR EACH ROW EXECUTE FUNCTION app.guard()",
            "closed on Sundays",
        ),
        ("ADD COLUMN number bigserial", "'number' takes its value from a sequence"),
    ],
)
def test_a_table_that_takes_no_cases_is_named_and_does_not_fail(postgres15_team, change, reason):
    team = customers(postgres15_team)
    attach(team, "trigger")
    script = "DELETE FROM app.customers; CREATE TABLE app.cities (id int PRIMARY KEY);"
    team.execute(f"{script} ALTER TABLE app.customers {change};")
    before = kept(team)
    code, ways = asked(team)
    assert code == 0
    assert reason in ways["ml.churn_on_customers"]["reason"]
    out = " ".join(team.ok("test", "churn").split())
    assert "ml.churn_on_customers PostgreSQL 15." in out
    assert "not asked" in out
    assert kept(team) == before


def test_a_table_of_duckdb_that_takes_no_cases_is_named(duckdb_team):
    team = duckdb_team
    add_version(team)
    team.write("promote", "churn", "v1")
    team.execute(TABLE["duckdb"].replace("note VARCHAR", "note VARCHAR NOT NULL"))
    team.ok("apply")
    attach(team, "view")
    files = [team.root / "churn.html", team.root / "churn.xml"]
    code, ways = asked(team, "--html", files[0], "--junit", files[1])
    assert code == 0
    reason = ways["ml.customers_churn"]["reason"]
    assert "NOT NULL constraint failed" in reason
    assert "cannot be asked: " + reason in files[0].read_text(encoding="utf-8")
    assert '<skipped message="' + reason in files[1].read_text(encoding="utf-8")


@pytest.mark.postgres
def test_a_trigger_that_raises_on_a_case_is_not_blamed_on_the_table(postgres15_team):
    team = customers(postgres15_team)
    attach(team, "trigger")
    body = team.value(f"({TRIGGERS['postgres']})")
    broken = body.replace("IF TG_OP = 'INSERT' THEN", "RAISE 'broken'; IF TG_OP = 'INSERT' THEN")
    team.execute(broken + ";")
    code, _, err = team.on("test", "churn")
    assert (code, "broken" in err) == (3, True)


def test_keys_of_texts_days_and_uuids_are_found_free(team):
    add_version(team)
    team.write("promote", "churn", "v1")
    team.execute(
        "CREATE SCHEMA app; CREATE TABLE app.customers (id uuid, day date, word varchar(60), "
        'age double precision, "In""come" real, PRIMARY KEY (id, day, word));'
    )
    team.ok("apply")
    words = (*ATTACH, "--key", "day", "--key", "word", "--as", "trigger")
    assert team.on(*words)[0] == 0
    team.ok("apply")
    code, ways = asked(team)
    found = ways["ml.churn_on_customers"]
    assert (code, found["rows"], found["left_out"], found["mismatches"]) == (0, 4, 0, 0)


def test_the_cases_of_a_forest_reach_it_through_a_table(team):
    rows = np.random.default_rng(0).normal(size=(60, 2))
    labels = np.array(["low", "mid", "high"])[(rows.sum(axis=1) > 0).astype(int) + (rows[:, 0] > 1)]
    frame = pd.DataFrame(rows, columns=["a", "B b"])
    model = RandomForestClassifier(5, max_depth=3, random_state=0).fit(frame, labels)
    path = team.root / "level.skops"
    path.write_bytes(skops.io.dumps(model))
    team.write("compile", path, "--name", "level")
    team.write("promote", "level", "v1")
    team.execute(
        'CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY, a real, "B b" float8);'
    )
    team.ok("apply")
    words = ("attach", "level", "--table", "app.t", "--key", "id", "--as", "trigger")
    assert team.on(*words, "--with", "proba,margin")[0] == 0
    team.ok("apply")
    code, out, err = team.on("test", "level", "--json", "-")
    assert code == 0, out + err
    own, *_, found = json.loads(out)["databases"][0]["paths"]
    assert found["way"] == "trigger"
    assert (found["rows"] + found["left_out"], found["mismatches"]) == (own["rows"], 0)
    assert found["rows"] > 0


@pytest.mark.postgres
@pytest.mark.parametrize("policy", ["abort", "null", "queue"])
def test_a_batch_that_was_edited_is_found_while_another_runs(postgres15_team, policy):
    team = customers(postgres15_team)
    attach(team, "procedure", "--on-error", policy)
    team.execute(
        "INSERT INTO procgen.jobs (routine, model, version, source, chunk) "
        "VALUES ('ml.churn_score', 'churn', 1, 'app.customers', 5);"
    )
    before = kept(team)
    code, ways = asked(team)
    assert code == 0
    assert is_equal(ways["ml.churn_score"])
    body = team.value("(SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'churn_score')")
    assert '"ml"."churn_v1"(' in body
    team.execute(body.replace('"ml"."churn_v1"(', '1 + "ml"."churn_v1"(') + ";")
    code, ways = asked(team)
    assert (code, ways["ml.churn_v1"]["mismatches"]) == (1, 0)
    assert [one["got"] for one in ways["ml.churn_score"]["findings"]] == ["14.0", "8.0"]
    assert kept(team) == before
