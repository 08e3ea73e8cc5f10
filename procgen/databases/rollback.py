"""Rolling back runs the down scripts that history recorded: it works from any checkout."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from procgen.databases.database import Database
from procgen.databases.fingerprints import same
from procgen.databases.guards import fixes, refuse_orphans, refuse_stale, stale_answers
from procgen.databases.history import add_event, read_events, remove_models
from procgen.databases.report import NOTHING, Allowed, Report, Step
from procgen.databases.stored import changed_objects, differences
from procgen.errors import DatabaseError, ProjectError
from procgen.migrations.ledger import (
    Event,
    EventName,
    applied_events,
    applied_in_time,
    expected_with_events,
)
from procgen.migrations.resources import TOOL


def rollback(
    database: Database,
    *,
    to: str | int | None = None,
    steps: int | None = None,
    schema: str = "ml",
    allowed: Allowed = NOTHING,
) -> Report:
    """Undo applied migrations, newest first, in one transaction.

    Args:
        database: where.
        to: the last migration to keep, by number or name; 0 keeps none.
        steps: how many to undo, instead of `to`.
        schema: the schema of the routines.
        allowed: what would be refused otherwise: drift and stale answers.

    Raises:
        ProjectError: neither or both of `to` and `steps`, or they name nothing that is applied.
        DatabaseError: a down script failed or did not restore what was there before, stored
            answers would be stale, or something calls what would go; everything was rolled back.
    """
    if (to is None) == (steps is None):
        raise ProjectError("rollback needs either the last migration to keep, or a number of steps")
    with database.locked():
        events = read_events(database)
        applied = applied_events(events)
        undone = applied[_kept(applied, to, steps) :]
        in_time = applied_in_time(events)
        before = database.objects((schema,))
        if not allowed.drift:
            _refuse_drift(database, in_time, undone, schema)
        done = [_undo(database, one, schema, allowed) for one in reversed(in_time) if one in undone]
        objects = [one.objects for one in undone] + [one.objects for one in done]
        touched = [found.identity for some in objects for found in some]
        left = [event for event in in_time if event not in undone]
        _check_restored(database, left, touched, schema)
        gone = changed_objects(before, database.objects((schema,)))
        refuse_orphans(database, "the rollback", gone)
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


def _refuse_drift(
    database: Database, applied: Sequence[Event], undone: Sequence[Event], schema: str
) -> None:
    """What a down script replaces or drops must be what its migration left, or it is lost."""
    live = database.objects((schema,))
    for name, (found, event) in expected_with_events(applied).items():
        if event in undone and database.is_like(event.engine):
            stored = live.get(name)
            if stored is None or not same(stored, found):
                raise DatabaseError(
                    f"{name} is not as {event.migration} left it",
                    hint="look with `procgen drift`, mend with `procgen repair "
                    f"{event.migration}`, or allow it with --allow-drift",
                )


def _undo(database: Database, event: Event, schema: str, allowed: Allowed) -> Step:
    if event.down_sql is None:
        raise DatabaseError(
            f"history has no down script for {event.migration}",
            hint="undo it by hand, or keep it",
        )
    started = time.monotonic()
    moved = [found.identity for found in event.objects if not found.gone]
    stale = stale_answers(database, event.kind, moved)
    if not allowed.stale:
        refuse_stale(f"the rollback of {event.migration}", stale)
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
    return Step(event.migration, event.kind or "", objects, ms, fixes=fixes(stale))


def _check_restored(
    database: Database, kept: Sequence[Event], touched: Sequence[str], schema: str
) -> None:
    expected = expected_with_events(kept)
    # What another version of the engine recorded cannot be compared; its absence can.
    other = {name for name, (_, event) in expected.items() if not database.is_like(event.engine)}
    live = database.objects((schema,))
    wanted = {
        name: live.get(name, found) if name in other else found
        for name, (found, _) in expected.items()
    }
    wrong = differences(wanted, live, touched)
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
