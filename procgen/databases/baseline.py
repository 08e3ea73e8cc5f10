"""Taking over a database that has the objects but no history: it is believed only if they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from procgen.databases.database import Database
from procgen.databases.difference import attribute_changes
from procgen.databases.history import add_event, add_model, read_events, set_model_states
from procgen.databases.records import event_of, model_of
from procgen.databases.report import Report, Step
from procgen.errors import DatabaseError, ProjectError
from procgen.migrations.checkout import git_commit
from procgen.migrations.facades import model_states
from procgen.migrations.folder import find_migration
from procgen.migrations.ledger import EventName, StoredObject, applied_events
from procgen.migrations.migration import Migration
from procgen.migrations.project import Project
from procgen.migrations.sums import refuse_sum_problems

NOTE = "the objects were there already"


def baseline(project: Project, database: Database, to: str | int) -> Report:
    """Record migrations as applied, up to one of them, without running them.

    procgen's own tables are made where they are not there. Hand-written migrations are taken at
    their word: only routines can be compared.

    Args:
        project: the files.
        database: one that no procgen has applied to.
        to: the last migration that the database has, by number or name.

    Raises:
        ProjectError: the history is not empty, or there is no such migration.
        DatabaseError: a routine is missing, or is not what its file makes; nothing was recorded.
    """
    migrations = project.migrations(database.engine)
    last = find_migration(migrations, to)
    refuse_sum_problems(project.folder(database.engine))
    known = [migration for migration in migrations if migration.number <= last.number]
    with database.locked():
        _refuse_history(database)
        if database.layout() is None:
            database.run_script(known[0].up, source=known[0].source("up"))
        steps = _compared(project, database, known)
        _record(project, database, known, steps)
    done = tuple(Step(one.id, one.kind, steps.get(one.id, ())) for one in known)
    return Report(database.version, done)


def _refuse_history(database: Database) -> None:
    applied = applied_events(read_events(database))
    if applied:
        raise ProjectError(
            f"this database has a history already, of {len(applied)} migrations",
            hint="apply what is pending; baseline is for a database without any",
        )


def _compared(
    project: Project, database: Database, known: Sequence[Migration]
) -> dict[str, tuple[StoredObject, ...]]:
    """What each migration left, with owner and grants of what is live; refused if that differs."""
    live = database.objects((project.schema,))
    replay = database.replay(known, (project.schema,))
    wrong = list(_wrong(replay.objects, live))
    if wrong:
        raise DatabaseError(
            f"the database is not what the files up to {known[-1].id} make: {'; '.join(wrong)}",
            hint="name another migration, or mend the database first; nothing was recorded",
        )
    return {
        name: tuple(_with_rights(found, live) for found in objects)
        for name, objects in replay.steps.items()
    }


def _wrong(files: Mapping[str, StoredObject], live: Mapping[str, StoredObject]) -> list[str]:
    found: list[str] = []
    for name, wanted in files.items():
        if name not in live:
            found.append(f"{name} is missing")
        elif live[name].definition != wanted.definition:
            changes = ", ".join(attribute_changes(wanted.attributes, live[name].attributes))
            found.append(f"{name} differs" + (f" ({changes})" if changes else ""))
    return found


def _with_rights(found: StoredObject, live: Mapping[str, StoredObject]) -> StoredObject:
    if found.gone or found.identity not in live:
        return found
    now = live[found.identity]
    return replace(found, owner=now.owner, acl=now.acl)


def _record(
    project: Project,
    database: Database,
    known: Sequence[Migration],
    steps: Mapping[str, tuple[StoredObject, ...]],
) -> None:
    commit = git_commit(project.root)
    for migration in known:
        objects = steps.get(migration.id, ())
        add_event(
            database,
            event_of(EventName.BASELINE, migration, database, commit, objects=objects, note=NOTE),
        )
        model = model_of(project, migration)
        if model is not None:
            add_model(database, model, migration.id, None)
    set_model_states(database, model_states(known))
