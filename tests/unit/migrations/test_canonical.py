"""The canonical text folds line ends and the BOM, and nothing else."""

from __future__ import annotations

import pytest

from procgen.errors import CorruptFileError
from procgen.migrations.canonical import canonical, sha256


@pytest.mark.parametrize(
    "content",
    [
        b"a\nb\n",
        b"\xef\xbb\xbfa\nb\n",
        b"a\r\nb\r\n",
        b"a\rb\r",
        b"a\nb",
        b"a\nb\n\n\n",
    ],
)
def test_line_ends_and_the_bom_do_not_count(content):
    assert canonical(content, "x.sql") == "a\nb\n"


@pytest.mark.parametrize(
    "content", [b"a \nb\n", b" a\nb\n", b"a\n\nb\n", b"-- c\na\nb\n", b"A\nb\n"]
)
def test_anything_else_counts(content):
    assert sha256(canonical(content, "x.sql")) != sha256("a\nb\n")


@pytest.mark.parametrize(("content", "word"), [(b"\xff", "UTF-8"), (b"a\0b", "NUL")])
def test_text_that_no_database_can_hold_is_refused_by_file(content, word):
    with pytest.raises(CorruptFileError, match=rf"x\.sql .*{word}"):
        canonical(content, "x.sql")
