"""`procgen.history` and `procgen.models` through SQLAlchemy, so that both engines share them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import getpass
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from procgen.databases.database import Database
from procgen.errors import DatabaseError
from procgen.migrations.header import ModelVersion
from procgen.migrations.ledger import Event, EventName, StoredObject
from procgen.migrations.models import ModelRecord

LAYOUT = 2
METADATA = MetaData(schema="procgen")
DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# Only names and types for statements: the tables themselves are made by 0001_init.
HISTORY = Table(
    "history",
    METADATA,
    Column("seq", BigInteger),
    Column("event", Text),
    Column("migration", Text),
    Column("kind", Text),
    Column("up_sha256", Text),
    Column("down_sha256", Text),
    Column("verify_sha256", Text),
    Column("down_sql", Text),
    Column("objects", DOCUMENT),
    Column("engine", Text),
    Column("tool", Text),
    Column("git_commit", Text),
    Column("by_role", Text),
    Column(
        "applied_at", DateTime(timezone=False).with_variant(DateTime(timezone=True), "postgresql")
    ),
    Column("ms", Integer),
    Column("note", Text),
)
MODELS = Table(
    "models",
    METADATA,
    Column("name", Text),
    Column("version", Integer),
    Column("digest", Text),
    Column("state", Text),
    Column("classes", DOCUMENT),
    Column("inputs", DOCUMENT),
    Column("provenance", DOCUMENT),
    Column("certificate", DOCUMENT),
    Column("migration", Text),
)


def read_events(database: Database) -> tuple[Event, ...]:
    """All events in their order; none where procgen's own tables are not there yet.

    Raises:
        DatabaseError: the tables were made by a newer procgen.
    """
    layout = database.layout()
    if layout is None:
        return ()
    if layout > LAYOUT:
        raise DatabaseError(
            f"the schema procgen has layout {layout}, and this procgen knows {LAYOUT}",
            hint="update procgen",
        )
    rows = database.connection.execute(select(HISTORY).order_by(HISTORY.c.seq))
    return tuple(_event(row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name


def add_event(database: Database, event: Event) -> None:
    """Append an event; who and when are filled in by the server, or here where it has no users."""
    values = dataclasses.asdict(event)
    values["objects"] = [_document(found) for found in event.objects]
    for name in ("seq", "by_role", "applied_at"):
        del values[name]
    if database.engine == "duckdb":
        values |= {"by_role": _user(), "applied_at": _now()}
    database.connection.execute(insert(HISTORY).values(values))


def add_model(
    database: Database,
    model: ModelRecord,
    migration: str,
    certificate: Mapping[str, object] | None,
) -> None:
    """Enter a version that a migration has created."""
    values = dataclasses.asdict(model)
    values |= {"migration": migration, "state": "created", "certificate": certificate}
    database.connection.execute(insert(MODELS).values(values))


def read_model_certificates(database: Database) -> dict[str, Mapping[str, object]]:
    """The certificates of the versions that have one, by the migration that entered them."""
    if database.layout() is None:
        return {}
    found = database.connection.execute(select(MODELS.c.migration, MODELS.c.certificate))
    return {migration: certificate for migration, certificate in found if certificate}


def remove_models(database: Database, migration: str) -> None:
    """Take out what a migration entered."""
    database.connection.execute(delete(MODELS).where(MODELS.c.migration == migration))


def set_model_states(database: Database, states: Mapping[ModelVersion, str]) -> None:
    """Say which versions answer and which are gone."""
    for version, state in states.items():
        database.connection.execute(
            update(MODELS)
            .where(MODELS.c.name == version.name, MODELS.c.version == version.version)
            .values(state=state)
        )


def _event(row: Mapping[Any, Any]) -> Event:
    objects = tuple(StoredObject(**found) for found in row["objects"])
    values = {key: row[key] for key in row if key not in ("event", "objects")}
    return Event(event=EventName(row["event"]), objects=objects, **values)


def _document(found: StoredObject) -> dict[str, object]:
    if found.gone:
        return {"identity": found.identity, "gone": True}
    values = dataclasses.asdict(found)
    del values["gone"]
    return values


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "unknown"
