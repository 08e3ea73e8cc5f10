"""Rolling back real databases from what history recorded, whatever the checkout holds."""

from __future__ import annotations

import pytest

from procgen.databases.history import read_events
from procgen.databases.opening import engine_of, open_database
from procgen.databases.rollback import rollback
from procgen.databases.runner import apply
from procgen.errors import DatabaseError, ProjectError
from procgen.migrations.create import add_create_migration
from tests.projects import DOWN, UP, add_sql, doubling, new_project, write_sums


@pytest.fixture
def engine(database_url):
    return engine_of(database_url)


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "project")


def run(project, url):
    with open_database(url) as database:
        return apply(project, database)


def undo(url, **options):
    with open_database(url) as database:
        return rollback(database, **options)


def events_of(url):
    with open_database(url) as database, database.rehearsal():
        return [(event.event.value, event.migration) for event in read_events(database)]


def objects_of(url):
    with open_database(url) as database, database.rehearsal():
        return sorted(database.objects(["ml"]))


def test_the_newest_goes_first_and_its_model_with_it(project, database_url, engine):
    add_create_migration(project, doubling(engine), {})
    add_create_migration(project, doubling(engine, version=2, factor=3.0), {})
    run(project, database_url)
    report = undo(database_url, steps=1)
    assert [step.id for step in report.steps] == ["0003_double_v2"]
    assert objects_of(database_url) == list(doubling(engine).objects)
    with open_database(database_url) as database, database.rehearsal():
        models = database.fetch("SELECT name, version FROM procgen.models")
    assert models == [("double", 1)]
    assert events_of(database_url)[-1] == ("rollback", "0003_double_v2")


def test_the_recorded_down_script_needs_no_file(project, database_url, engine):
    add_create_migration(project, doubling(engine), {})
    run(project, database_url)
    for path in project.folder(engine).glob("0002_*"):
        path.unlink()
    write_sums(project.folder(engine))
    undo(database_url, to=1)
    assert objects_of(database_url) == []


def test_apply_after_rollback_applies_again(project, database_url, engine):
    add_create_migration(project, doubling(engine), {})
    run(project, database_url)
    undo(database_url, to="0001_init")
    assert [step.id for step in run(project, database_url).steps] == ["0002_double_v1"]
    undo(database_url, steps=1)
    names = [name for name, _ in events_of(database_url)]
    assert names == ["apply", "apply", "rollback", "apply", "rollback"]


def test_rolling_back_everything_leaves_nothing(project, database_url, engine):
    add_create_migration(project, doubling(engine), {})
    run(project, database_url)
    report = undo(database_url, to=0)
    assert [step.id for step in report.steps] == ["0002_double_v1", "0001_init"]
    assert events_of(database_url) == []
    assert len(run(project, database_url).steps) == 2


def test_a_down_script_that_does_nothing_is_refused(project, database_url, engine):
    up = UP[engine].format(stem="f", factor=2.0)
    add_sql(project, engine, "f", up, "SELECT 1;")
    run(project, database_url)
    with pytest.raises(DatabaseError, match="is still there"):
        undo(database_url, steps=1)
    assert events_of(database_url)[-1] == ("apply", "0002_f")


def test_a_down_script_that_restores_another_body_is_refused(project, database_url, engine):
    first, second, wrong = (
        UP[engine].format(stem="f", factor=factor) for factor in (2.0, 3.0, 4.0)
    )
    add_sql(project, engine, "f", first, DOWN[engine].format(stem="f"))
    replacing = (text.replace("CREATE", "CREATE OR REPLACE") for text in (second, wrong))
    add_sql(project, engine, "g", *replacing)
    run(project, database_url)
    with pytest.raises(DatabaseError, match="differs"):
        undo(database_url, steps=1)
    with open_database(database_url) as database, database.rehearsal():
        assert database.fetch("SELECT ml.f(1)") == [(3.0,)]


def test_a_schema_that_still_holds_something_is_kept(project, database_url):
    run(project, database_url)
    with open_database(database_url) as database, database.transaction():
        database.run_script("CREATE TABLE ml.mine (x int);", source="mine.sql")
    with pytest.raises(DatabaseError):
        undo(database_url, to=0)
    assert events_of(database_url) == [("apply", "0001_init")]


def test_a_function_that_a_view_uses_is_kept(project, postgres15_url):
    add_create_migration(project, doubling("postgres"), {})
    run(project, postgres15_url)
    with open_database(postgres15_url) as database, database.transaction():
        database.run_script("CREATE VIEW public.v AS SELECT ml.double_v1(1);", source="view.sql")
    with pytest.raises(DatabaseError, match=r"recorded down script of 0002_double_v1.*view"):
        undo(postgres15_url, steps=1)
    assert objects_of(postgres15_url) == list(doubling("postgres").objects)


@pytest.mark.parametrize("options", [{}, {"to": 1, "steps": 1}, {"steps": 3}, {"to": 9}])
def test_a_rollback_to_nowhere_is_refused(project, duckdb_url, options):
    run(project, duckdb_url)
    with pytest.raises(ProjectError):
        undo(duckdb_url, **options)
