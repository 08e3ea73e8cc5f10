"""A folder of migrations is one gapless order, or the file that breaks it is named."""

from __future__ import annotations

import pytest

from procgen.errors import ProjectError
from procgen.migrations.folder import find_migration, next_number, read_folder
from procgen.migrations.sums import print_sums, refuse_sum_problems, sum_problems
from tests.projects import write_sums


def write(folder, *names, text="SELECT 1;\n"):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "duckdb", "0001_init.up.sql", "0001_init.down.sql")


def test_migrations_come_in_order(folder):
    write(folder, "0002_b.up.sql", "0002_b.down.sql", "0002_b.verify.sql")
    found = read_folder(folder, "duckdb")
    assert [migration.id for migration in found] == ["0001_init", "0002_b"]
    assert [migration.verify for migration in found] == [None, "SELECT 1;\n"]
    assert next_number(found) == 3


def test_a_folder_that_is_not_there_holds_none(tmp_path):
    assert read_folder(tmp_path / "absent", "duckdb") == ()
    assert next_number(()) == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("notes.txt",), r"notes\.txt is not named like a migration"),
        (("2_b.up.sql",), r"2_b\.up\.sql is not named"),
        (("0002-b.up.sql",), r"0002-b\.up\.sql is not named"),
        (("0002_b.up.sql",), r"0002_b\.down\.sql does not exist"),
        (("0002_b.down.sql",), r"0002_b\.up\.sql does not exist"),
        (("0003_c.up.sql", "0003_c.down.sql"), "no migration 0002, but it has 0003_c"),
        (
            ("0002_b.up.sql", "0002_b.down.sql", "0002_c.up.sql", "0002_c.down.sql"),
            "two migrations numbered 0002: 0002_b and 0002_c",
        ),
    ],
)
def test_a_file_without_a_place_is_named(folder, names, message):
    write(folder, *names)
    with pytest.raises(ProjectError, match=message):
        read_folder(folder, "duckdb")


def test_a_requirement_must_come_before(folder):
    write(folder, "0002_b.up.sql", text="-- procgen:requires 0003_c\n")
    write(folder, "0002_b.down.sql", "0003_c.up.sql", "0003_c.down.sql")
    with pytest.raises(ProjectError, match=r"0002_b\.up\.sql requires 0003_c"):
        read_folder(folder, "duckdb")


@pytest.mark.parametrize("wanted", [1, "1", "0001", "0001_init"])
def test_a_migration_is_found_by_number_or_name(folder, wanted):
    assert find_migration(read_folder(folder, "duckdb"), wanted).id == "0001_init"


def test_a_migration_that_is_not_there_is_answered_with_those_that_are(folder):
    with pytest.raises(ProjectError, match="no migration 7; there are: 0001_init"):
        find_migration(read_folder(folder, "duckdb"), 7)


def test_the_sum_file_reads_like_this():
    text = print_sums({"b.sql": "b\n", "a.sql": "a\n"})
    head, first, second = text.splitlines()
    assert head.startswith("h1:")
    assert first.startswith("a.sql sha256:")
    assert second.startswith("b.sql sha256:")


def test_the_sum_file_names_what_differs(folder):
    write_sums(folder)
    assert sum_problems(folder) == ()
    write(folder, "0001_init.up.sql", text="SELECT 2;\n")
    write(folder, "0002_b.up.sql")
    (folder / "0001_init.down.sql").unlink()
    problems = "\n".join(sum_problems(folder))
    assert "0001_init.up.sql differs" in problems
    assert "0002_b.up.sql is not in" in problems
    assert "0001_init.down.sql is in procgen.sum, but does not exist" in problems


def test_other_line_ends_do_not_differ_from_the_sum_file(folder):
    write_sums(folder)
    (folder / "0001_init.up.sql").write_bytes(b"\xef\xbb\xbfSELECT 1;\r\n")
    assert sum_problems(folder) == ()


def test_a_merged_sum_file_is_noticed_by_its_first_line(folder):
    write_sums(folder)
    path = folder / "procgen.sum"
    path.write_text(path.read_text().replace("h1:", "h1:0"))
    with pytest.raises(ProjectError, match="does not fit its own first line"):
        refuse_sum_problems(folder)
