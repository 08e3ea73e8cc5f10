"""Applying to real databases: all of a batch or nothing, and history says what happened."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from procgen.compiler import compile_source
from procgen.databases.history import read_events
from procgen.databases.opening import engine_of, open_database
from procgen.databases.rollback import rollback
from procgen.databases.runner import apply
from procgen.databases.status import status
from procgen.errors import DatabaseError, ParityError, ProjectError
from procgen.frontends import Source
from procgen.migrations.create import add_create_migration
from procgen.migrations.header import Kind
from procgen.migrations.ledger import EventName
from procgen.migrations.plan import State
from tests.projects import add_sql, doubling, doubling_program, new_project, write_sums

PROVENANCE = {"classes": ["no", "yes"], "sklearn": "1.9.1"}


@pytest.fixture
def engine(database_url):
    return engine_of(database_url)


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "project")


def run(project, url, **options):
    with open_database(url) as database:
        return apply(project, database, **options)


def events_of(url):
    with open_database(url) as database, database.rehearsal():
        return [(event.event.value, event.migration) for event in read_events(database)]


def fetch(url, statement):
    with open_database(url) as database, database.rehearsal():
        return database.fetch(statement)


def test_a_model_goes_all_the_way(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    report = run(project, database_url)
    assert [step.id for step in report.steps] == ["0001_init", "0002_double_v1"]
    assert [found.identity for found in report.steps[1].objects] == list(doubling(engine).objects)
    assert fetch(database_url, "SELECT ml.double_v1(21)") == [(42.0,)]
    assert events_of(database_url) == [("apply", "0001_init"), ("apply", "0002_double_v1")]
    assert run(project, database_url).steps == ()


def test_a_create_migration_enters_its_model(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    run(project, database_url, gate=lambda _migration, _database: {"rows": 988})
    with open_database(database_url) as database, database.rehearsal():
        row = database.connection.execute(text("SELECT * FROM procgen.models")).mappings().one()
    assert (row["name"], row["version"], row["state"]) == ("double", 1, "created")
    assert row["digest"] == doubling(engine).digest
    assert row["migration"] == "0002_double_v1"
    found = fetch(database_url, "SELECT CAST(certificate AS text) FROM procgen.models")
    assert found[0][0].replace(" ", "") == '{"rows":988}'


def test_history_records_what_is_stored(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    run(project, database_url)
    with open_database(database_url) as database, database.rehearsal():
        event = read_events(database)[1]
        assert {found.identity: found for found in event.objects} == database.objects(["ml"])
        assert event.engine == database.version
    assert event.down_sql == doubling(engine).down
    assert event.kind == "create"
    assert event.by_role
    assert event.applied_at is not None


def test_a_failing_verify_script_undoes_the_batch(project, database_url, engine):
    run(project, database_url)
    add_create_migration(project, doubling(engine), PROVENANCE)
    add_create_migration(project, doubling(engine, version=2, wanted=3.0), PROVENANCE)
    with pytest.raises(DatabaseError, match=r"0003_double_v2\.verify\.sql.*parity: row 1"):
        run(project, database_url)
    assert events_of(database_url) == [("apply", "0001_init"), ("fail", "0003_double_v2")]
    assert fetch(database_url, "SELECT count(*) FROM procgen.models") == [(0,)]
    with open_database(database_url) as database, database.rehearsal():
        assert database.objects(["ml"]) == {}


def test_a_gate_that_refuses_undoes_the_batch(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)

    def gate(_migration, database):
        assert database.fetch("SELECT ml.double_v1(2)") == [(4.0,)]
        raise ParityError("row 7 differs")

    run(project, database_url, to=1)
    with pytest.raises(ParityError, match="row 7"):
        run(project, database_url, gate=gate)
    assert events_of(database_url) == [("apply", "0001_init"), ("fail", "0002_double_v1")]


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "BEGIN"])
def test_a_script_cannot_end_the_transaction(project, database_url, engine, statement):
    run(project, database_url)
    add_sql(project, engine, "good", "CREATE TABLE ml.good (x int);", "DROP TABLE ml.good;")
    script = f"CREATE TABLE ml.bad (x int);\n{statement}; SELECT 1/0;"
    add_sql(project, engine, "bad", script, "DROP TABLE ml.bad;")
    with pytest.raises(DatabaseError, match=r"0003_bad\.up\.sql"):
        run(project, database_url)
    assert events_of(database_url) == [("apply", "0001_init"), ("fail", "0003_bad")]
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'ml'"
    assert fetch(database_url, tables) == [(0,)]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("CREATE TABLE ml.t (x int);\n\n-- here:\nSELECT nope\nFROM ml.t;\n", 4),
        ("CREATE TABLE ml.t (x int);\n\nCREATE TABLE ml.u (\n    x int,,\n    y int);\n", 4),
    ],
)
def test_an_error_names_file_and_line(project, database_url, engine, script, line):
    add_sql(project, engine, "wrong", script, "SELECT 1;")
    with pytest.raises(DatabaseError, match=rf"0002_wrong\.up\.sql, line {line}: "):
        run(project, database_url)
    assert events_of(database_url) == []


def test_an_edited_file_is_refused_by_name(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    run(project, database_url)
    path = project.folder(engine) / "0002_double_v1.up.sql"
    path.write_text(path.read_text().replace("* 2", "* 3"))
    write_sums(project.folder(engine))
    add_create_migration(project, doubling(engine, version=2), PROVENANCE)
    with pytest.raises(ProjectError, match=r"0002_double_v1\.up\.sql was edited"):
        run(project, database_url)
    with open_database(database_url) as database:
        states = [entry.state for entry in status(project, database).entries]
    assert states == [State.APPLIED, State.EDITED, State.PENDING]


def test_other_line_ends_and_a_bom_are_the_same_file(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    run(project, database_url, to="0001_init")
    path = project.folder(engine) / "0002_double_v1.up.sql"
    content = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    run(project, database_url)
    path.write_bytes(content)
    assert run(project, database_url).steps == ()


def test_a_file_that_differs_from_the_sum_file_is_refused(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    path = project.folder(engine) / "0002_double_v1.down.sql"
    path.write_text("SELECT 1;\n")
    with pytest.raises(ProjectError, match=r"0002_double_v1\.down\.sql differs from procgen\.sum"):
        run(project, database_url)
    assert events_of(database_url) == []


def test_an_applied_migration_without_a_file_is_refused(project, database_url, engine):
    name = add_sql(project, engine, "t", "CREATE TABLE ml.t (x int);", "DROP TABLE ml.t;")
    run(project, database_url)
    for path in project.folder(engine).glob(f"{name}.*"):
        path.unlink()
    write_sums(project.folder(engine))
    with pytest.raises(ProjectError, match="no file for it"):
        run(project, database_url)
    with open_database(database_url) as database:
        assert status(project, database).entries[1].state is State.UNKNOWN


def test_a_migration_behind_the_last_applied_one_is_refused(project, database_url, engine):
    late = add_sql(project, engine, "late", "CREATE TABLE ml.z (x int);", "DROP TABLE ml.z;")
    run(project, database_url)
    folder = project.folder(engine)
    for path in sorted(folder.glob(f"{late}.*")):
        path.rename(path.with_name(path.name.replace("0002", "0003")))
    add_sql(project, engine, "early", "SELECT 1;", "SELECT 1;")
    with pytest.raises(ProjectError, match=r"0002_early\.up\.sql is not applied, but later"):
        run(project, database_url)


def test_a_dry_run_only_plans(project, database_url, engine):
    add_create_migration(project, doubling(engine), PROVENANCE)
    report = run(project, database_url, dry_run=True)
    assert report.dry_run
    assert [step.id for step in report.steps] == ["0001_init", "0002_double_v1"]
    assert events_of(database_url) == []


def test_status_of_an_empty_database_is_all_pending(project, database_url):
    with open_database(database_url, read_only=True) as database:
        plan = status(project, database)
    assert [migration.id for migration in plan.pending] == ["0001_init"]


def test_failures_and_retries_are_both_in_history(project, database_url, engine):
    run(project, database_url)
    name = add_sql(project, engine, "t", "SELECT 1 FROM ml.t;", "DROP TABLE ml.t;")
    with pytest.raises(DatabaseError):
        run(project, database_url)
    (project.folder(engine) / f"{name}.up.sql").write_text("CREATE TABLE ml.t (x int);\n")
    write_sums(project.folder(engine))
    run(project, database_url)
    assert events_of(database_url)[1:] == [("fail", name), ("apply", name)]
    with open_database(database_url) as database, database.rehearsal():
        failure = read_events(database)[1]
    assert failure.event is EventName.FAIL
    assert failure.note is not None
    assert "0002_t.up.sql" in failure.note


def test_a_compiled_artifact_is_applied_as_it_declares(project, database_url, engine):
    source = Source(doubling_program(), ("test.Doubling",), {}, (), exact=True)
    for version in (1, 2):
        artifact = compile_source(source, name="double", target=engine, version=version)
        add_create_migration(project, artifact, PROVENANCE)
    for step, migration in zip(
        run(project, database_url).steps, project.migrations(engine), strict=True
    ):
        if migration.kind is Kind.CREATE:
            assert {found.identity for found in step.objects} == set(migration.header.objects)
    assert fetch(database_url, "SELECT ml.double_v1(21), ml.double_v2(21)") == [(42.0, 42.0)]
    with open_database(database_url) as database:
        rollback(database, to=1)
        with database.rehearsal():
            assert database.objects(["ml"]) == {}


@pytest.mark.duckdb
def test_a_script_cannot_move_later_scripts_elsewhere(project, duckdb_url):
    add_sql(project, "duckdb", "use", "ATTACH ':memory:' AS other;\nUSE other;", "SELECT 1;")
    with pytest.raises(DatabaseError, match=r"0002_use\.up\.sql: .* current database"):
        run(project, duckdb_url)
    assert events_of(duckdb_url) == []
