"""Rolling back runs the down scripts that history recorded: it works from any checkout."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from procgen.databases.database import Database
from procgen.databases.history import add_event, read_events, remove_models
from procgen.databases.report import Report, Step
from procgen.databases.stored import changed_objects, differences
from procgen.errors import DatabaseError, ProjectError
from procgen.migrations.ledger import Event, EventName, applied_events, expected_objects
from procgen.migrations.resources import TOOL


def rollback(
    database: Database,
    *,
    to: str | int | None = None,
    steps: int | None = None,
    schema: str = "ml",
) -> Report:
    """Undo applied migrations, newest first, in one transaction.

    Args:
        database: where.
        to: the last migration to keep, by number or name; 0 keeps none.
        steps: how many to undo, instead of `to`.
        schema: the schema of the routines.

    Raises:
        ProjectError: neither or both of `to` and `steps`, or they name nothing that is applied.
        DatabaseError: a down script failed or did not restore what was there before; everything
            was rolled back.
    """
    if (to is None) == (steps is None):
        raise ProjectError("rollback needs either the last migration to keep, or a number of steps")
    with database.locked():
        applied = applied_events(read_events(database))
        kept = _kept(applied, to, steps)
        undone = applied[kept:]
        done = [_undo(database, event, schema) for event in reversed(undone)]
        objects = [one.objects for one in undone] + [one.objects for one in done]
        touched = [found.identity for some in objects for found in some]
        _check_restored(database, applied[:kept], touched, schema)
    _check_recorded(database, done)
    return Report(database.version, tuple(done))


def _kept(applied: Sequence[Event], to: str | int | None, steps: int | None) -> int:
    if steps is not None:
        if not 0 < steps <= len(applied):
            raise ProjectError(
                f"{steps} steps cannot be rolled back",
                hint=f"{len(applied)} migrations are applied",
            )
        return len(applied) - steps
    wanted = str(to)
    if wanted.isdigit() and int(wanted) == 0:
        return 0
    for position, event in enumerate(applied, start=1):
        number = event.migration.partition("_")[0]
        if wanted == event.migration or (wanted.isdigit() and int(wanted) == int(number)):
            return position
    names = ", ".join(event.migration for event in applied) or "none"
    raise ProjectError(f"{to} is not applied", hint=f"these are: {names}")


def _undo(database: Database, event: Event, schema: str) -> Step:
    if event.down_sql is None:
        raise DatabaseError(
            f"history has no down script for {event.migration}",
            hint="undo it by hand, or keep it",
        )
    started = time.monotonic()
    before = database.objects((schema,))
    database.run_script(event.down_sql, source=f"the recorded down script of {event.migration}")
    objects = changed_objects(before, database.objects((schema,)))
    ms = round((time.monotonic() - started) * 1000)
    if database.layout() is not None:  # 0001_init takes its own history with it
        remove_models(database, event.migration)
        undone = replace(
            event,
            event=EventName.ROLLBACK,
            objects=objects,
            engine=database.version,
            tool=TOOL,
            ms=ms,
            note=None,
        )
        add_event(database, undone)
    return Step(event.migration, event.kind or "", objects, ms)


def _check_restored(
    database: Database, kept: Sequence[Event], touched: Sequence[str], schema: str
) -> None:
    wrong = differences(expected_objects(kept), database.objects((schema,)), touched)
    if wrong:
        raise DatabaseError(
            f"the down scripts do not restore what was there before: {'; '.join(wrong)}",
            hint="nothing was rolled back",
        )


def _check_recorded(database: Database, done: Sequence[Step]) -> None:
    """Read history again: a COMMIT of an aborted transaction may return without an error."""
    with database.rehearsal():
        applied = {event.migration for event in applied_events(read_events(database))}
    for step in done:
        if step.id in applied:
            raise DatabaseError(
                f"the database took the commit, but {step.id} is still in its history",
                hint="nothing was rolled back; look at the server's log and try again",
            )
