"""Every value and every name comes back from a database exactly as it was spelled."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procgen.backends import DIALECTS, dialect_named
from procgen.errors import UnrepresentableError
from procgen.ir.types import DType
from procgen.verify.bits import same_bits

HOSTILE = [
    "'", '"', "''", '""', "\\", "\\'", "\\\\", "$$", "$procgen$", "$procgen$; DROP TABLE t; --",
    "%", "%s", "%(x)s", ":x", ":x :y", "{0}", "{{ x }}", "--", "/*", "*/", ";", "\n", "\r\n", "\t",
    " ", "  a  ", "😀", "e\u0301", "é", "\u202e", "\ufeff", "\x7f", "\x01", "select", "NULL",
    "U&'x'", "E'\\n'",
]  # fmt: skip
TEXTS = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20
)
MIXED = st.lists(TEXTS, min_size=1, max_size=4).map("".join)
NAMES = MIXED.filter(lambda name: 0 < len(name.encode()) <= 63)
NUMBERS = st.floats() | st.sampled_from(
    [0.0, -0.0, 5e-324, -5e-324, 1e300, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 0.1]
)
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, 0])


def read_back(database, value, dtype):
    spelled = dialect_named(database.engine).literal(value, dtype)
    with database.rehearsal():
        return database.fetch(f"SELECT {spelled}")[0][0]


@given(NUMBERS | st.none())
def test_a_double(database, value):
    assert same_bits(read_back(database, value, DType.FLOAT64), value)


@given(st.floats(width=32))
def test_a_float32(database, value):
    spelled = dialect_named(database.engine).literal(value, DType.FLOAT32)
    with database.rehearsal():
        ((found,),) = database.fetch(f"SELECT CAST({spelled} AS double precision)")
    assert same_bits(found, value)


@given(INTEGERS)
def test_an_integer(database, value):
    assert same_bits(read_back(database, value, DType.INT64), value)


@given(MIXED)
def test_a_text(database, value):
    assert read_back(database, value, DType.TEXT) == value


@given(MIXED)
@settings(max_examples=50)
def test_a_text_in_a_function_body(database, value):
    spelled = dialect_named(database.engine).literal(value, DType.TEXT)
    body = {
        "duckdb": f"CREATE MACRO spell() AS {spelled};",
        "postgres": (
            "CREATE FUNCTION pg_temp.spell() RETURNS text LANGUAGE plpgsql AS $procgen$\n"
            f"BEGIN RETURN {spelled}; END\n$procgen$;"
        ),
    }[database.engine]
    call = {"duckdb": "spell()", "postgres": "pg_temp.spell()"}[database.engine]
    with database.rehearsal():
        database.run_script(body, source="test")
        assert database.fetch(f"SELECT {call}") == [(value,)]


@given(NAMES)
def test_a_name(database, name):
    quoted = dialect_named(database.engine).identifier(name)
    with database.rehearsal():
        assert database.fetch(f"SELECT x.{quoted} FROM (SELECT 7 AS {quoted}) AS x") == [(7,)]
        database.run_script(f"CREATE TEMPORARY TABLE named ({quoted} int);", source="test")
        ((found,),) = database.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'named'"
        )
    assert found == name


@pytest.mark.parametrize("engine", DIALECTS)
def test_nul_is_refused(engine):
    dialect = dialect_named(engine)
    with pytest.raises(UnrepresentableError, match="NUL"):
        dialect.literal("a\0b", DType.TEXT)
    with pytest.raises(UnrepresentableError):
        dialect.identifier("a\0b")


def test_postgres_refuses_a_name_that_it_would_cut():
    with pytest.raises(UnrepresentableError, match="64 bytes"):
        dialect_named("postgres").identifier("é" * 32)
