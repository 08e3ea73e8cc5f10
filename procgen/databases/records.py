"""What is written down about a migration: its row of history, and its model's in the registry."""

from __future__ import annotations

from procgen.databases.database import Database
from procgen.errors import ProjectError
from procgen.migrations.header import Kind
from procgen.migrations.ledger import Event, EventName, StoredObject
from procgen.migrations.migration import Migration
from procgen.migrations.models import ModelRecord, read_model_file
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL


def event_of(  # noqa: PLR0913 - each is a column of history
    name: EventName,
    migration: Migration,
    database: Database,
    commit: str | None,
    *,
    objects: tuple[StoredObject, ...] = (),
    ms: int | None = None,
    note: str | None = None,
) -> Event:
    """A row of history about a migration, as its files are now."""
    return Event(
        event=name,
        migration=migration.id,
        kind=migration.kind,
        up_sha256=migration.up_sha256,
        down_sha256=migration.down_sha256,
        verify_sha256=migration.verify_sha256,
        down_sql=migration.down,
        objects=objects,
        engine=database.version,
        tool=TOOL,
        git_commit=commit,
        ms=ms,
        note=note,
    )


def model_of(project: Project, migration: Migration) -> ModelRecord | None:
    """The version that a create migration enters, or None for another kind.

    Raises:
        ProjectError: the migration and the model file are about different models.
    """
    if migration.kind is not Kind.CREATE:
        return None
    if migration.header.model is None:
        raise ProjectError(
            f"{migration.source('up')} does not say which model it creates",
            hint="restore its `-- procgen:model` line from git",
        )
    record = read_model_file(project, migration.header.model)
    if record.digest != migration.header.model_sha256:
        raise ProjectError(
            f"{migration.source('up')} and the file of {record.name} v{record.version} in models/ "
            "are about different models",
            hint="restore both from git",
        )
    return record
