"""Rows arrive in a database, and scores come back, with every bit."""

from __future__ import annotations

import math
import struct

import pytest

from procgen.databases.opening import open_database
from procgen.errors import DatabaseError
from procgen.ir.types import DType, Field

DOUBLES = [0.1, -0.0, 0.0, 5e-324, -5e-324, 1e300, 1.7976931348623157e308, math.inf, -math.inf]
DOUBLES += [math.nan, None, 1 / 3, 2.2250738585072014e-308, 123456789.12345679]


def bits(value):
    return value if value is None else struct.pack(">d", value)


def test_doubles_keep_their_bits(database_url):
    fields = (Field("x", DType.FLOAT64),)
    with open_database(database_url) as database, database.rehearsal():
        number = database.load_rows("probe", fields, [{"x": value} for value in DOUBLES])
        rows = database.fetch(f"SELECT {number}, x, ARRAY[x] FROM probe ORDER BY {number}")
    assert [row[0] for row in rows] == list(range(len(DOUBLES)))
    assert [bits(row[1]) for row in rows] == [bits(value) for value in DOUBLES]
    assert [bits(row[2][0]) for row in rows] == [bits(value) for value in DOUBLES]
    assert isinstance(rows[0][2], tuple)


def test_nan_and_null_stay_apart(database_url):
    fields = (Field("x", DType.FLOAT64), Field("f", DType.FLOAT32))
    rows = [{"x": math.nan, "f": math.nan}, {"x": None, "f": None}]
    with open_database(database_url) as database, database.rehearsal():
        number = database.load_rows("probe", fields, rows)
        found = database.fetch(f"SELECT x IS NULL, f IS NULL FROM probe ORDER BY {number}")
    assert found == [(False, False), (True, True)]


def test_each_type_arrives_as_itself(database_url):
    fields = tuple(Field(dtype.value, dtype) for dtype in DType)
    row = {"bool": True, "int64": -(2**63), "float32": 0.1, "float64": 3, "text": "a'b\\ü😀%s:x"}
    with open_database(database_url) as database, database.rehearsal():
        database.load_rows("probe", fields, [row, dict.fromkeys(row)])
        found = database.fetch('SELECT "bool", "int64", "float64", "text" FROM probe')
        single = database.fetch('SELECT CAST("float32" AS double precision) FROM probe')
    assert found == [(True, -(2**63), 3.0, "a'b\\ü😀%s:x"), (None, None, None, None)]
    assert single[0] == struct.unpack("<f", struct.pack("<f", 0.1))


@pytest.mark.parametrize("name", ['a"b', "100%", ":x", "with space", "$$", "procgen_row", "😀"])
def test_any_name_may_be_a_column(database_url, name):
    with open_database(database_url) as database, database.rehearsal():
        number = database.load_rows('odd "table"', (Field(name, DType.INT64),), [{name: 7}])
        assert number != name
        assert database.fetch('SELECT * FROM "odd ""table"""') == [(0, 7)]


def test_no_rows_make_an_empty_table(database_url):
    with open_database(database_url) as database, database.rehearsal():
        database.load_rows("probe", (Field("x", DType.TEXT),), [])
        assert database.fetch("SELECT * FROM probe") == []


def test_postgres_refuses_a_nul_by_row_and_column(postgres15_url):
    rows = [{"x": "fine"}, {"x": "a\0b"}]
    with (
        open_database(postgres15_url) as database,
        database.rehearsal(),
        pytest.raises(DatabaseError, match="row 1: x holds a NUL"),
    ):
        database.load_rows("probe", (Field("x", DType.TEXT),), rows)


def test_a_query_that_fails_is_one_clear_error(database_url):
    with (
        open_database(database_url) as database,
        database.rehearsal(),
        pytest.raises(DatabaseError, match="nope"),
    ):
        database.fetch("SELECT nope")


def test_a_rehearsal_leaves_nothing(database_url):
    with open_database(database_url) as database:
        with database.rehearsal():
            database.run_script("CREATE SCHEMA s; CREATE TABLE s.t (x int);", source="t.sql")
        with database.rehearsal():
            query = "SELECT count(*) FROM information_schema.tables WHERE table_name = 't'"
            assert database.fetch(query) == [(0,)]
