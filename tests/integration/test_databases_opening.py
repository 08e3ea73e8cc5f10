"""Each way in which a database cannot be opened is one clear sentence, without a password."""

from __future__ import annotations

import sys

import duckdb
import pytest

from procgen.databases.opening import engine_of, open_database
from procgen.databases.runner import apply
from procgen.errors import DatabaseError
from tests.projects import new_project


def refusal(url, **options):
    with pytest.raises(DatabaseError) as caught, open_database(url, **options):
        raise AssertionError
    return str(caught.value)


@pytest.mark.parametrize("url", ["", "nonsense", "postgresql://u:secret@host:port/x"])
def test_a_wrong_url_shows_how_to_write_it(url):
    message = refusal(url)
    assert "duckdb:///file.duckdb" in message
    assert "secret" not in message


def test_another_database_has_no_adapter():
    assert "mysql" in refusal("mysql://u:secret@host/x")


def test_an_unreachable_server_is_named_without_its_password(tmp_path):
    message = refusal(f"postgresql://me:secret@/x?host={tmp_path}")
    assert str(tmp_path) in message
    assert "secret" not in message


def test_a_missing_database_is_named(postgres15_server):
    assert '"absent" does not exist' in refusal(postgres15_server.url("absent"))


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "text.duckdb"
    path.write_text("hello " * 1000)
    assert str(path) in refusal(f"duckdb:///{path}")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert "absent" in refusal(f"duckdb:///{tmp_path / 'absent' / 'x.duckdb'}")


@pytest.mark.parametrize(
    ("module", "url", "extra"),
    [
        ("duckdb", "duckdb:///:memory:", "procgen[duckdb]"),
        ("duckdb_engine", "duckdb:///:memory:", "procgen[duckdb]"),
        ("psycopg", "postgresql://localhost/x", "procgen[postgres]"),
    ],
)
def test_a_missing_driver_names_the_extra(monkeypatch, module, url, extra):
    for name in ("duckdb", "duckdb_rows", "postgres", "postgres_rows"):
        monkeypatch.delitem(sys.modules, f"procgen.databases.{name}", raising=False)
        monkeypatch.delattr(f"procgen.databases.{name}", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    assert f"pip install '{extra}'" in refusal(url)


def test_reading_a_file_that_is_not_there_makes_none(tmp_path):
    path = tmp_path / "none.duckdb"
    with open_database(f"duckdb:///{path}", read_only=True) as database, database.rehearsal():
        assert database.layout() is None
    assert not path.exists()


def test_read_only_leaves_the_file_to_other_readers(tmp_path):
    path = tmp_path / "shared.duckdb"
    duckdb.connect(path).close()
    url = f"duckdb:///{path}"
    with (
        open_database(url, read_only=True),
        open_database(url, read_only=True) as second,
        second.rehearsal(),
    ):
        assert second.fetch("SELECT 1") == [(1,)]


def test_memory_is_a_database_of_its_own():
    with open_database("duckdb:///:memory:") as one, open_database("duckdb://") as two:
        with one.transaction():
            one.run_script("CREATE TABLE t (x int);", source="t.sql")
        with two.rehearsal(), pytest.raises(DatabaseError, match="does not exist"):
            two.fetch("SELECT * FROM t")


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("duckdb:///x.duckdb", "duckdb"),
        ("postgres://host/x", "postgres"),
        ("postgresql+psycopg://host/x", "postgres"),
    ],
)
def test_a_url_names_its_engine(url, engine):
    assert engine_of(url) == engine


def test_transactions_cannot_be_nested(duckdb_url):
    with (
        open_database(duckdb_url) as database,
        database.rehearsal(),
        pytest.raises(DatabaseError, match="nested"),
        database.transaction(),
    ):
        raise AssertionError


def test_a_file_named_like_the_schema_procgen_is_told_to_be_renamed(tmp_path):
    project = new_project(tmp_path)
    url = f"duckdb:///{tmp_path / 'procgen.duckdb'}"
    with (
        pytest.raises(DatabaseError, match="rename the file"),
        open_database(url) as database,
    ):
        apply(project, database)
