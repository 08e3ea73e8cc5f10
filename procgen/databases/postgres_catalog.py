"""PostgreSQL's catalog: what depends on a routine, and the statements that make what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from procgen.artifacts.templates import render
from procgen.databases.dependents import Dependent
from procgen.migrations.ledger import StoredObject

SOURCES = """
SELECT identity, statement FROM (
    SELECT format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
            n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS identity,
        rtrim(pg_get_functiondef(p.oid), chr(10))
            || coalesce(';' || chr(10) || format('COMMENT ON ROUTINE %s IS %L',
                p.oid::regprocedure, obj_description(p.oid, 'pg_proc')), '') AS statement,
        p.oid
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY (:schemas) AND p.prokind IN ('f', 'p', 'w')
    UNION ALL
    SELECT format('type %I.%I', n.nspname, c.relname), format('CREATE TYPE %I.%I AS (%s)',
        n.nspname, c.relname, (SELECT string_agg(
            format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
                ORDER BY a.attnum)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)), c.oid
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (:schemas) AND c.relkind = 'c'
) AS made ORDER BY oid
"""
# What depends on it is bound to it, not to its name, so a rename leaves all that as it is.
MOVE_AWAY = """
DO $$
DECLARE
    found record;
    number int := 0;
BEGIN
    FOR found IN
        SELECT 'ROUTINE' AS what, p.oid::regprocedure::text AS name
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname = ANY (current_setting('procgen.schemas')::text[])
            AND p.prokind IN ('f', 'p', 'w')
        UNION ALL
        SELECT 'TYPE', c.reltype::regtype::text
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (current_setting('procgen.schemas')::text[]) AND c.relkind = 'c'
    LOOP
        number := number + 1;
        EXECUTE format('ALTER %s %s RENAME TO %I', found.what, found.name,
            'procgen_moved_' || number);
    END LOOP;
END
$$
"""
# A table of an extension, so it is asked only where it is there.
SCHEDULED = """
SELECT 'schedule ' || jobname, encode(sha256(convert_to(parts.all_of_it, 'UTF8')), 'hex'),
    encode(sha256(convert_to(parts.all_of_it, 'UTF8')), 'hex'), username::text, '',
    concat_ws('; ', 'schedule=' || schedule, 'active=' || active)
FROM cron.job
CROSS JOIN LATERAL (SELECT concat_ws(chr(10), schedule, command, active) AS all_of_it) AS parts
WHERE EXISTS (SELECT FROM unnest(CAST(:schemas AS text[])) AS schema
    WHERE strpos(command, format('"%s".', schema)) > 0)
"""
MOVED = ".procgen_moved_"
# Views and functions pass the dependence on; a table would pass it on to all that uses the table.
DEPENDENTS = """
WITH RECURSIVE used (class, oid) AS (
    SELECT 'pg_proc'::regclass::oid, p.oid
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE format('function %I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))
        = ANY (:identities)
    UNION
    SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END,
        coalesce(r.ev_class, d.objid)
    FROM used AS u
    JOIN pg_depend AS d ON d.refclassid = u.class AND d.refobjid = u.oid
    LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    WHERE d.classid IN ('pg_proc'::regclass, 'pg_rewrite'::regclass)
), direct AS (
    SELECT DISTINCT d.classid, d.objid, d.objsubid
    FROM used AS u
    JOIN pg_depend AS d ON d.refclassid = u.class AND d.refobjid = u.oid
    WHERE u.class = 'pg_proc'::regclass
), columns AS (
    SELECT a.attrelid, a.attnum, a.attname
    FROM direct AS d
    LEFT JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
    JOIN pg_attribute AS a ON (a.attrelid, a.attnum) = (f.adrelid, f.adnum)
        OR d.classid = 'pg_class'::regclass AND (a.attrelid, a.attnum) = (d.objid, d.objsubid)
    WHERE a.attgenerated = 's' AND a.attnum > 0
)
SELECT format('generated column %s.%I', c.attrelid::regclass, c.attname),
    format('UPDATE %s SET %I = %2$I', c.attrelid::regclass, (
        SELECT b.attname FROM pg_attrdef AS f
        JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.attrelid
            AND (d.classid, d.objid) IN (('pg_attrdef'::regclass, f.oid),
                ('pg_class'::regclass, c.attrelid))
        JOIN pg_attribute AS b ON b.attrelid = c.attrelid AND b.attnum = d.refobjsubid
        WHERE f.adrelid = c.attrelid AND f.adnum = c.attnum AND b.attgenerated = ''
        ORDER BY b.attnum LIMIT 1))
FROM columns AS c
UNION
SELECT format('index %s', i.oid::regclass), format('REINDEX INDEX %s', i.oid::regclass)
FROM direct AS d JOIN pg_class AS i ON d.classid = 'pg_class'::regclass AND i.oid = d.objid
WHERE i.relkind IN ('i', 'I')
UNION
SELECT format('partition key of %s', t.oid::regclass), NULL
FROM direct AS d JOIN pg_class AS t ON d.classid = 'pg_class'::regclass AND t.oid = d.objid
WHERE t.relkind = 'p' AND d.objsubid = 0
UNION
SELECT format('check constraint %I of %s', k.conname,
        coalesce(nullif(k.conrelid, 0)::regclass::text, k.contypid::regtype::text)),
    format('ALTER %s %s DROP CONSTRAINT %I; ALTER %1$s %2$s ADD CONSTRAINT %3$I %s',
        CASE WHEN k.conrelid = 0 THEN 'DOMAIN' ELSE 'TABLE' END,
        coalesce(nullif(k.conrelid, 0)::regclass::text, k.contypid::regtype::text),
        k.conname, pg_get_constraintdef(k.oid))
FROM direct AS d JOIN pg_constraint AS k
    ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
WHERE k.contype = 'c'
UNION
SELECT format('statistics object %I.%I', n.nspname, s.stxname),
    format('ANALYZE %s', s.stxrelid::regclass)
FROM direct AS d
JOIN pg_statistic_ext AS s ON d.classid = 'pg_statistic_ext'::regclass AND s.oid = d.objid
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
UNION
SELECT format('materialized view %s', v.oid::regclass),
    format('REFRESH MATERIALIZED VIEW %s', v.oid::regclass)
FROM used AS u JOIN pg_class AS v ON u.class = 'pg_class'::regclass AND v.oid = u.oid
WHERE v.relkind = 'm'
ORDER BY 1
"""


def objects(connection: Connection, schemas: Iterable[str]) -> dict[str, StoredObject]:
    """The routines and types of these schemas, by identity."""
    wanted = [*schemas]
    query = render("postgres", "objects", schemas=":schemas")
    found = list(_execute(connection, query, schemas=wanted))
    if _execute(connection, "SELECT to_regclass('cron.job')").scalar_one() is not None:
        found += _execute(connection, SCHEDULED, schemas=wanted)
    return {row[0]: StoredObject(*row) for row in found}


def sources(connection: Connection, schemas: Iterable[str]) -> dict[str, str]:
    """The statement that makes each of them, in the order in which they were made."""
    rows = _execute(connection, SOURCES, schemas=[*schemas])
    return {row[0]: row[1] for row in rows}


def dependents(connection: Connection, identities: Sequence[str]) -> tuple[Dependent, ...]:
    """What keeps answers of these functions, also through views and other functions."""
    rows = _execute(connection, DEPENDENTS, identities=[*identities])
    return tuple(Dependent(name, stored=True, fix=fix) for name, fix in rows)


@contextmanager
def moved_away(connection: Connection, schemas: Iterable[str]) -> Iterator[None]:
    """Rename all that is there for the length of the block; then nothing has happened."""
    savepoint = connection.begin_nested()
    try:
        _execute(
            connection,
            "SELECT set_config('procgen.schemas', CAST(CAST(:schemas AS text[]) AS text), true)",
            schemas=[*schemas],
        )
        connection.exec_driver_sql(MOVE_AWAY, execution_options={"no_parameters": True})
        yield
    finally:
        savepoint.rollback()


def _execute(connection: Connection, statement: str, **values: object) -> Any:
    return connection.execute(text(statement), values)
