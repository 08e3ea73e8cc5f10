"""Files are written all or none, and never over others."""

from __future__ import annotations

from pathlib import Path

import pytest

from procgen.errors import ProjectError
from procgen.migrations.writing import FileSet, joined, write_files, write_in_turn


def content(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_new_files_are_written_with_their_folders(tmp_path):
    path = tmp_path / "a" / "b.sql"
    assert write_files(FileSet(new=((path, b"x"),))) == (path,)
    assert content(tmp_path) == {"b.sql": b"x"}


def test_the_same_bytes_again_write_nothing(tmp_path):
    files = FileSet(new=((tmp_path / "a", b"x"),), replaced=((tmp_path / "sum", b"y"),))
    assert len(write_files(files)) == 2
    assert write_files(files) == ()


def test_other_content_is_never_overwritten(tmp_path):
    (tmp_path / "b").write_bytes(b"mine")
    files = FileSet(new=((tmp_path / "a", b"x"), (tmp_path / "b", b"y")))
    with pytest.raises(ProjectError, match="b exists with other content"):
        write_files(files)
    assert content(tmp_path) == {"b": b"mine"}


def test_a_replaced_file_may_have_other_content(tmp_path):
    (tmp_path / "sum").write_bytes(b"old")
    write_files(FileSet(replaced=((tmp_path / "sum", b"new"),)))
    assert content(tmp_path) == {"sum": b"new"}


def test_a_failure_in_the_middle_leaves_everything_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "sum").write_bytes(b"old")
    files = FileSet(
        new=((tmp_path / "a", b"x"),),
        replaced=((tmp_path / "sum", b"new"), (tmp_path / "last", b"z")),
    )
    replace = Path.replace

    def fail_on_last(path, target):
        if target.name == "last":
            raise OSError(28, "No space left on device", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail_on_last)
    with pytest.raises(ProjectError, match=r"last cannot be written: No space left"):
        write_files(files)
    assert content(tmp_path) == {"sum": b"old"}


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "models").write_bytes(b"")
    with pytest.raises(ProjectError, match="models"):
        write_files(FileSet(new=((tmp_path / "models" / "a", b"x"),)))


def test_sets_are_joined_in_order(tmp_path):
    one, two = (FileSet(new=((tmp_path / name, b""),)) for name in "ab")
    assert write_files(joined([one, two])) == (tmp_path / "a", tmp_path / "b")


def test_a_set_that_refuses_takes_back_those_before_it(tmp_path):
    (tmp_path / "sum").write_bytes(b"old")

    def first():
        return FileSet(new=((tmp_path / "a", b"x"),), replaced=((tmp_path / "sum", b"one"),))

    def second():
        assert content(tmp_path) == {"a": b"x", "sum": b"one"}
        raise ProjectError("refused")

    with pytest.raises(ProjectError, match="refused"):
        write_in_turn((first, second))
    assert content(tmp_path) == {"sum": b"old"}
    assert write_in_turn((first, first)) == (tmp_path / "a", tmp_path / "sum")
