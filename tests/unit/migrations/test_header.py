"""A header reads back as it was printed, and what it cannot mean is refused by line."""

from __future__ import annotations

import pytest

from procgen.errors import ProjectError
from procgen.migrations.header import Header, Kind, ModelVersion, parse_header, print_header

FULL = Header(
    kind=Kind.CREATE,
    requires=("0001_init", "0002_a_v1"),
    objects=('function ml."odd ""name"""(double precision, text)', "function ml.f()"),
    model=ModelVersion("churn", 3),
    model_sha256="ab" * 32,
    facade="churn",
    replaces=ModelVersion("churn", 2),
    roles=("reader", "PUBLIC"),
    body_sha256=("cd" * 32, "ef" * 32),
    generator="procgen 0.1.0",
)


@pytest.mark.parametrize("header", [FULL, Header(), Header(kind=Kind.RETIRE)])
def test_a_header_reads_back(header):
    assert parse_header(print_header(header) + "\nSELECT 1;\n", "x.sql") == header


def test_a_printed_header_reads_like_this():
    assert print_header(FULL).splitlines()[:2] == [
        "-- procgen:kind create",
        "-- procgen:requires 0001_init",
    ]


def test_a_file_without_a_header_is_plain_sql():
    assert parse_header("-- a comment\nSELECT 1;\n-- procgen:kind create\n", "x.sql") == Header()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-- procgen:kind creat", "'creat' is not known"),
        ("-- procgen:colour red", "line 1: procgen:colour is not known"),
        ("-- procgen:model churn", "not a name and a version"),
        ("-- procgen:model churn 0", "not a name and a version"),
        ("-- procgen:kind sql\n-- procgen:kind sql", "line 2: procgen:kind is given twice"),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused(line, message):
    with pytest.raises(ProjectError, match=rf"x\.sql.*{message}"):
        parse_header(f"{line}\n", "x.sql")
