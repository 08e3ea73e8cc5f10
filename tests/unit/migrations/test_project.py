"""A project: what init writes, what procgen.toml may say, model files and create migrations."""

from __future__ import annotations

import json

import pytest

from procgen.errors import CorruptFileError, ProjectError
from procgen.ir import codec
from procgen.migrations.create import add_create_migration, create_files, find_create_migration
from procgen.migrations.folder import ENGINES
from procgen.migrations.header import ModelVersion
from procgen.migrations.init import init_project
from procgen.migrations.models import newest_version, read_model_file, write_model_file
from procgen.migrations.project import load_project
from procgen.migrations.resources import init_scripts
from procgen.migrations.sums import sum_problems
from tests.projects import doubling, doubling_program, new_project


def settings(tmp_path, text):
    (tmp_path / "procgen.toml").write_text(text)
    return load_project(tmp_path)


def files_of(root):
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_init_makes_a_project_that_is_in_order(tmp_path):
    project = new_project(tmp_path / "new")
    assert project.engines == ENGINES
    for engine in ENGINES:
        assert [found.id for found in project.migrations(engine)] == ["0001_init"]
        assert sum_problems(project.folder(engine)) == ()
    assert (project.root / ".gitattributes").read_text() == "migrations/** text eol=lf\n"
    assert (project.root / "models").is_dir()


def test_init_twice_writes_nothing(tmp_path):
    assert init_project(tmp_path)
    before = files_of(tmp_path)
    assert init_project(tmp_path) == ()
    assert files_of(tmp_path) == before


def test_another_schema_is_in_the_scripts_and_the_settings(tmp_path):
    init_project(tmp_path, schema="scores")
    assert load_project(tmp_path).schema == "scores"
    for engine in ENGINES:
        text = "".join(init_scripts(engine, "scores").values())
        assert '"scores"' in text
        assert "ml" not in text.split('"')


@pytest.mark.parametrize(
    "schema", ["", "Big", "a b", 'x"', "procgen", "pg_x", "main", "1a", "x" * 64]
)
def test_a_schema_that_needs_quotes_or_is_taken_is_refused(tmp_path, schema):
    with pytest.raises(ProjectError, match="cannot hold routines"):
        init_project(tmp_path, schema=schema)
    assert files_of(tmp_path) == {}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("migrations/versions/1.py", "x"),
        ("models/mine.bin", "x"),
        (".gitattributes", "*.png binary\n"),
        ("procgen.toml", "[tool]\n"),
    ],
)
def test_a_folder_with_other_content_is_left_alone(tmp_path, path, content):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(content)
    with pytest.raises(ProjectError):
        init_project(tmp_path)
    assert files_of(tmp_path) == {path: content.encode()}


def test_unrelated_files_do_not_matter(tmp_path):
    (tmp_path / "README.md").write_text("x")
    (tmp_path / ".gitattributes").write_text("*.png binary\nmigrations/**   text eol=lf\n")
    init_project(tmp_path)
    assert (tmp_path / ".gitattributes").read_text().startswith("*.png")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(ProjectError, match="is a file"):
        init_project(tmp_path / "x")


def test_variables_of_a_url_come_from_the_environment(tmp_path):
    text = '[targets.prod]\nengine = "postgres"\nurl = "postgresql://${WHO}@db/${BASE}"\n'
    project = settings(tmp_path, text)
    assert project.default == "prod"
    assert project.url("prod", {"WHO": "me", "BASE": "x"}) == "postgresql://me@db/x"
    with pytest.raises(ProjectError, match="needs the variable BASE, which is not set"):
        project.url("prod", {"WHO": "me"})


def test_a_duckdb_path_starts_at_the_project(tmp_path):
    text = """
    [targets.a]
    url = "duckdb:///x/y.duckdb"
    [targets.b]
    url = "duckdb:////abs.duckdb"
    [targets.c]
    url = "duckdb:///:memory:"
    """
    project = settings(tmp_path, text)
    assert project.url("a") == f"duckdb:///{tmp_path}/x/y.duckdb"
    assert project.url("b") == "duckdb:////abs.duckdb"
    assert project.url("c") == "duckdb:///:memory:"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x =", "cannot be read"),
        ("", "targets must be"),
        ("[targets]\n", "names no target"),
        ("colour = 1\n", "'colour' is not a setting"),
        ('target = "b"\n[targets.a]\nurl = "duckdb:///x"\n', "no target 'b'; it has: a"),
        ("[targets.a]\n", "url must be a str"),
        ('[targets.a]\nurl = "mysql://x"\n', "engine of targets.a is not known"),
        ("[targets]\na = 1\n", "targets.a must be a table"),
        ('schema = "A"\n[targets.a]\nurl = "duckdb:///x"\n', "cannot hold routines"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path, text, message):
    with pytest.raises(ProjectError, match=message):
        settings(tmp_path, text)


def test_a_folder_without_settings_says_what_to_run(tmp_path):
    with pytest.raises(ProjectError, match="procgen init"):
        load_project(tmp_path)


def test_a_create_migration_is_numbered_headed_and_summed(tmp_path):
    project = new_project(tmp_path)
    paths = add_create_migration(project, doubling("duckdb"), {"sklearn": "1.9.1"})
    assert [path.name for path in paths] == [
        "double_v1.json",
        "0002_double_v1.up.sql",
        "0002_double_v1.down.sql",
        "0002_double_v1.verify.sql",
        "procgen.sum",
    ]
    assert sum_problems(project.folder("duckdb")) == ()
    found = find_create_migration(project, "duckdb", "double", 1)
    assert found is not None
    assert found.id == "0002_double_v1"
    assert found.header.model_sha256 == doubling("duckdb").digest
    assert found.header.requires == ("0001_init",)
    assert found.header.objects == ("macro ml.double_v1",)
    assert find_create_migration(project, "postgres", "double", 1) is None
    assert find_create_migration(project, "duckdb", "double", 2) is None


def test_two_projects_get_identical_bytes(tmp_path):
    contents = []
    for name in ("a", "b"):
        project = new_project(tmp_path / name)
        for engine in ENGINES:
            add_create_migration(project, doubling(engine), {"z": 1, "a": ["x", 0.1]})
        contents.append(files_of(project.root))
    assert contents[0] == contents[1]


def test_create_files_writes_nothing_itself(tmp_path):
    project = new_project(tmp_path)
    before = files_of(tmp_path)
    create_files(project, doubling("duckdb"), {})
    assert files_of(tmp_path) == before


def test_a_folder_that_differs_from_its_sum_file_gets_no_migration(tmp_path):
    project = new_project(tmp_path)
    (project.folder("duckdb") / "0001_init.down.sql").write_text("SELECT 1;\n")
    with pytest.raises(ProjectError, match=r"0001_init\.down\.sql differs"):
        add_create_migration(project, doubling("duckdb"), {})


def test_a_model_file_holds_the_program_that_was_hashed(tmp_path):
    project = new_project(tmp_path)
    (path,) = write_model_file(project, doubling("duckdb"), {"classes": ["ü", 1]})
    content = json.loads(path.read_bytes())
    text = json.dumps(content["program"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert codec.decode(text) == doubling_program()
    record = read_model_file(project, ModelVersion("double", 1))
    assert record.classes == ["ü", 1]
    assert record.inputs == [{"name": "x", "dtype": "float64", "nullable": True}]
    assert record.digest == codec.digest(doubling_program())


def test_another_model_does_not_take_a_version_that_is_there(tmp_path):
    project = new_project(tmp_path)
    write_model_file(project, doubling("duckdb"), {})
    with pytest.raises(ProjectError, match=r"double_v1\.json exists with other content"):
        write_model_file(project, doubling("duckdb", factor=3.0), {})


def test_the_newest_version_is_the_highest_number(tmp_path):
    project = new_project(tmp_path)
    assert newest_version(project, "double") is None
    for version in (2, 10, 9):
        write_model_file(project, doubling("duckdb", version=version, factor=float(version)), {})
    (project.root / "models" / "double_v11.cases.parquet").write_bytes(b"")
    assert newest_version(project, "double") == (10, codec.digest(doubling_program(10.0)))
    assert newest_version(project, "doub") is None


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../x", 'a"', "1a", "ü", "$$", ":x"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path, name):
    with pytest.raises(ProjectError, match="cannot name a model"):
        newest_version(new_project(tmp_path), name)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"name": "double"}'])
def test_a_damaged_model_file_is_named(tmp_path, content):
    project = new_project(tmp_path)
    (project.root / "models" / "double_v1.json").write_text(content)
    with pytest.raises(CorruptFileError, match=r"double_v1\.json is not a model file"):
        read_model_file(project, ModelVersion("double", 1))


def test_a_model_file_under_another_name_is_refused(tmp_path):
    project = new_project(tmp_path)
    (path,) = write_model_file(project, doubling("duckdb"), {})
    path.rename(path.with_name("double_v2.json"))
    with pytest.raises(CorruptFileError, match="is about double v1"):
        read_model_file(project, ModelVersion("double", 2))
