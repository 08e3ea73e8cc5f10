"""DuckDB's catalog: views and macros are bound late, so only their text says what they call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text

from procgen.artifacts.templates import render
from procgen.backends.duckdb import identifier, literal
from procgen.databases.dependents import Dependent
from procgen.ir.types import DType
from procgen.migrations.ledger import StoredObject

SOURCES = """
SELECT identity,
    'CREATE OR REPLACE MACRO ' || name || string_agg(overload, ',' || chr(10) ORDER BY arguments)
        || coalesce(';' || chr(10) || 'COMMENT ON MACRO '
            || CASE WHEN starts_with(identity, 'table ') THEN 'TABLE ' ELSE '' END
            || name || ' IS ' || chr(39)
            || replace(any_value(comment), chr(39), chr(39) || chr(39)) || chr(39), '')
FROM (
    SELECT replace(function_type, '_', ' ') || ' ' || schema_name || '.' || function_name
            AS identity,
        '"' || schema_name || '"."' || replace(function_name, '"', '""') || '"' AS name,
        '(' || coalesce(list_aggregate(list_transform(list_zip(parameters, parameter_types),
            lambda pair:
                '"' || replace(pair[1], '"', '""') || '"' || coalesce(' ' || pair[2], '')),
            'string_agg', ', '), '') || ') AS '
            || CASE function_type WHEN 'table_macro' THEN 'TABLE ' ELSE '' END
            || macro_definition AS overload,
        len(parameters) AS arguments, comment, function_oid
    FROM duckdb_functions()
    WHERE NOT internal AND function_type IN ('macro', 'table_macro')
        AND database_name = current_database() AND list_contains(:schemas, schema_name)
) AS overloads
GROUP BY identity, name
ORDER BY min(function_oid)
"""
NODE_TABLES = """
SELECT 'table ' || schema_name || '.' || table_name, sql,
    (SELECT list(data_type ORDER BY column_index) FROM duckdb_columns() AS own
        WHERE own.table_oid = found.table_oid AND own.database_name = current_database())
FROM duckdb_tables() AS found
WHERE database_name = current_database() AND list_contains(:schemas, schema_name)
ORDER BY table_oid
"""
TEXTS = """
SELECT replace(function_type, '_', ' ') || ' ' || schema_name || '.' || function_name,
    macro_definition
FROM duckdb_functions()
WHERE NOT internal AND function_type IN ('macro', 'table_macro')
    AND database_name = current_database()
UNION ALL
SELECT 'view ' || schema_name || '.' || view_name, sql
FROM duckdb_views()
WHERE NOT internal AND database_name = current_database()
ORDER BY ALL
"""
BUILT_IN = """
SELECT DISTINCT function_name FROM duckdb_functions()
WHERE internal AND list_contains(:names, function_name)
"""


def objects(connection: Connection, schemas: Iterable[str]) -> dict[str, StoredObject]:
    """The macros, tables and views of these schemas, by identity."""
    query = render("duckdb", "objects", schemas=":schemas")
    rows = _execute(connection, query, schemas=[*schemas]).all()
    return {row[0]: _counted(connection, StoredObject(*row)) for row in rows}


def _counted(connection: Connection, found: StoredObject) -> StoredObject:
    """A node table as it is, or as another one where its row is gone: no CHECK sees that."""
    if not is_node_table(found.identity):
        return found
    query = render("duckdb", "node_table", part="rows", table=quoted(found.identity))
    rows = _execute(connection, query).scalar_one()
    return found if rows else replace(found, definition="", body="", attributes="rows=0")


def is_node_table(identity: str) -> bool:
    """Whether a table is named as the node table of a version is."""
    return re.fullmatch(r"table .*_v\d+_nodes", identity) is not None


def sources(connection: Connection, schemas: Iterable[str]) -> dict[str, str]:
    """The statements that make each of them, in the order in which they were made."""
    wanted = [*schemas]
    tables = _execute(connection, NODE_TABLES, schemas=wanted).all()
    found = {row[0]: _filled(connection, *row) for row in tables if is_node_table(row[0])}
    return found | {row[0]: row[1] for row in _execute(connection, SOURCES, schemas=wanted)}


def _filled(connection: Connection, identity: str, statement: str, kinds: Sequence[str]) -> str:
    """A node table and its row; numbers that become a text and numbers again are the same."""
    query = render("duckdb", "node_table", part="texts", table=quoted(identity))
    rows = [
        ", ".join(
            f"{literal(text, DType.TEXT)}::{kind}" for text, kind in zip(row, kinds, strict=True)
        )
        for row in _execute(connection, query)
    ]
    inserts = (f"\nINSERT INTO {quoted(identity)} VALUES ({row})" for row in rows)
    return statement.rstrip(";") + ";" + ";".join(inserts)


def dependents(connection: Connection, identities: Sequence[str]) -> tuple[Dependent, ...]:
    """Views and other macros whose text calls one of these macros."""
    if not identities:
        return ()
    call = _call(identities)
    found = [
        name
        for name, definition in _execute(connection, TEXTS)
        if name not in identities and call.search(definition)
    ]
    return tuple(Dependent(name, stored=False) for name in dict.fromkeys(found))


def callers(identities: Sequence[str], sources: Mapping[str, str]) -> list[str]:
    """These macros and all that call them, in the order of `sources`, which is that of creation."""
    found = list(identities)
    for name, statement in sources.items():
        body = statement.partition(" AS ")[2]
        if name not in found and _call(found).search(body):
            found.append(name)
    return [name for name in sources if name in found]


def kind(identity: str) -> str:
    """What DROP calls such an object."""
    found = identity.rpartition(" ")[0]
    return {"table macro": "MACRO TABLE"}.get(found, found.upper())


def quoted(identity: str) -> str:
    """The name in an identity as SQL writes it."""
    schema, _, name = identity.rpartition(" ")[2].partition(".")
    return f"{identifier(schema)}.{identifier(name)}"


def _call(identities: Sequence[str]) -> re.Pattern[str]:
    names = [
        re.escape(identity.rpartition(".")[2])
        + (r'"?(?!\w)' if is_node_table(identity) else r'"?\s*\(')
        for identity in identities
    ]
    return re.compile(rf'(?<!\w)"?({"|".join(names)})', re.IGNORECASE)


@contextmanager
def in_memory() -> Iterator[Connection]:
    """An empty database that is gone at the end of the block."""
    engine = create_engine("duckdb:///:memory:", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def built_in(connection: Connection, names: Sequence[str]) -> list[str]:
    """Those of these names that a function of DuckDB's own has."""
    return [row[0] for row in _execute(connection, BUILT_IN, names=[*names])]


def _execute(connection: Connection, statement: str, **values: object) -> Any:
    return connection.execute(text(statement), values)
