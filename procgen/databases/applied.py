"""Which of a project's migrations a database has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from procgen.databases.database import Database
from procgen.databases.history import read_events
from procgen.migrations.ledger import Event, applied_events
from procgen.migrations.migration import Migration
from procgen.migrations.project import Project


@dataclass(frozen=True, slots=True)
class Applied:
    """What is applied to a database now.

    Attributes:
        migrations: those that the checkout has, in the order of their names.
        events: the event that says so, by the migration's name.
    """

    migrations: tuple[Migration, ...]
    events: Mapping[str, Event]


def read_applied(project: Project, database: Database) -> Applied:
    """Read history, in a transaction of its own, and the files."""
    with database.rehearsal():
        events = {event.migration: event for event in applied_events(read_events(database))}
    migrations = project.migrations(database.engine)
    return Applied(tuple(one for one in migrations if one.id in events), events)
