from __future__ import annotations

import json

import pytest

from procgen.artifacts.attachment import (
    Attachment,
    Form,
    KeyColumn,
    MappedInput,
    OnError,
    parse_attachment,
    print_attachment,
)
from procgen.artifacts.tables import TableColumn, TableName, TableShape, parse_table_name
from procgen.backends import dialect_named
from procgen.errors import CorruptFileError, InputsError
from procgen.ir.program import OutputName
from procgen.migrations.shapes import read_shape

POSTGRES, DUCKDB = dialect_named("postgres"), dialect_named("duckdb")


def test_an_attachment_is_read_as_it_was_printed():
    one = Attachment(
        facade="churn",
        form=Form.TRIGGER,
        name="churn_on_t",
        source=TableName('a"pp', "ta\nble $procgen$"),
        key=(KeyColumn("id", "integer"), KeyColumn("é", "text")),
        inputs=(MappedInput("x", "X y", same=False),),
        outputs=(OutputName.PREDICT, OutputName.MARGIN),
        into="churn_predictions",
        makes_table=True,
        on_error=OnError.QUEUE,
    )
    text = print_attachment(one)
    assert "\n" not in text
    assert parse_attachment(text, "a file") == one


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"form": "cloud"}'])
def test_a_line_that_is_no_attachment_names_its_file(text):
    with pytest.raises(CorruptFileError, match="0005_x"):
        parse_attachment(text, "0005_x.up.sql")


@pytest.mark.parametrize(
    ("text", "dialect", "wanted"),
    [
        ("app.customers", POSTGRES, TableName("app", "customers")),
        ("App.Customers", POSTGRES, TableName("app", "customers")),
        ('"App"."a""b.c"', POSTGRES, TableName("App", 'a"b.c')),
        ("customers", POSTGRES, TableName("public", "customers")),
        ("customers", DUCKDB, TableName("main", "customers")),
    ],
)
def test_a_table_is_named_as_in_sql(text, dialect, wanted):
    assert parse_table_name(text, dialect) == wanted


@pytest.mark.parametrize("text", ["", "a.b.c", "a b c", "t; DROP TABLE t", "(SELECT 1)", "f()"])
def test_what_is_no_table_is_refused(text):
    with pytest.raises(InputsError, match="is not the name of a table"):
        parse_table_name(text, POSTGRES)


def test_a_key_is_unique_not_null_and_of_a_type_with_one_spelling():
    columns = (
        TableColumn("id", "integer", "integer", nullable=False),
        TableColumn("day", "date", "date", nullable=False),
        TableColumn("x", "double precision", "double precision", nullable=False),
        TableColumn("note", "text", "text"),
    )
    shape = TableShape(TableName("app", "t"), columns, (frozenset({"id"}), frozenset({"x"})))
    assert shape.check_key(["id"], POSTGRES) == columns[:1]
    assert shape.check_key(["id", "day"], POSTGRES) == columns[:2]
    for key, said in [
        (["day"], "no unique key over day"),
        (["note"], "may be NULL"),
        (["x"], "is double precision"),
        (["ID"], "has no column 'ID'"),
    ]:
        with pytest.raises(InputsError, match=said):
            shape.check_key(key, POSTGRES)


def test_columns_come_from_a_file(tmp_path):
    path = tmp_path / "t.json"
    column = {"name": "id", "type": "character varying(9)", "nullable": False}
    path.write_text(json.dumps({"columns": [column], "keys": [["id"]]}))
    shape = read_shape(path, TableName("app", "t"))
    wanted = TableColumn("id", "character varying(9)", "character varying", nullable=False)
    assert shape.columns == (wanted,)
    path.write_text("{}")
    with pytest.raises(CorruptFileError, match="does not describe a table"):
        read_shape(path, TableName("app", "t"))
