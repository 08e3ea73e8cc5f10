"""Applying: one transaction for the whole batch, so that it is all there or nothing is."""

from __future__ import annotations

import time

from procgen.databases.database import Database
from procgen.databases.drift import refuse_drift
from procgen.databases.guards import (
    fixes,
    refuse_hiding,
    refuse_orphans,
    refuse_stale,
    stale_answers,
)
from procgen.databases.history import add_event, add_model, read_events
from procgen.databases.records import event_of, model_of
from procgen.databases.report import (
    NOTHING,
    Allowed,
    Certificate,
    Gate,
    Listener,
    Report,
    Step,
    ignore,
)
from procgen.databases.stored import changed_objects
from procgen.errors import DatabaseError, ProcgenError, ProjectError
from procgen.migrations.checkout import git_commit
from procgen.migrations.folder import find_migration
from procgen.migrations.header import Kind
from procgen.migrations.ledger import Event, EventName, StoredObject
from procgen.migrations.migration import Migration
from procgen.migrations.plan import make_plan, refuse_problems
from procgen.migrations.project import Project
from procgen.migrations.sums import refuse_sum_problems

NOTE_LENGTH = 2000


def apply(  # noqa: PLR0913 - each is a choice of the caller's
    project: Project,
    database: Database,
    *,
    to: str | int | None = None,
    dry_run: bool = False,
    gate: Gate | None = None,
    listener: Listener = ignore,
    allowed: Allowed = NOTHING,
) -> Report:
    """Apply what is pending and record it.

    Args:
        project: the files.
        database: where.
        to: the last migration to apply, by number or name; all of them without it.
        dry_run: only plan: the database is read and nothing is run.
        gate: asked after each create migration, inside the transaction.
        listener: told of each step.
        allowed: what would be refused otherwise.

    Raises:
        ProjectError: the files are not in order, or do not fit the history; nothing was run.
        DatabaseError: the lock was held, a stored object has drifted, stored answers would be
            stale, or a script failed; everything was rolled back.
        ParityError: the gate refused; everything was rolled back.
    """
    if dry_run:
        return _planned(project, database, to, allowed)
    batch = _Batch(project, database, gate, listener, allowed)
    try:
        with database.locked():
            for migration in _pending(project, database, to, allowed):
                batch.run(migration)
    except ProcgenError as error:
        _record_failure(batch, error)
        raise
    _check_recorded(batch)
    return Report(database.version, tuple(batch.steps))


def _planned(
    project: Project, database: Database, to: str | int | None, allowed: Allowed
) -> Report:
    with database.rehearsal():
        pending = _pending(project, database, to, allowed)
    steps = tuple(Step(migration.id, migration.kind) for migration in pending)
    return Report(database.version, steps, dry_run=True)


def _pending(
    project: Project, database: Database, to: str | int | None, allowed: Allowed
) -> tuple[Migration, ...]:
    migrations = project.migrations(database.engine)
    if not migrations:
        raise ProjectError(
            f"{project.folder(database.engine)} holds no migrations",
            hint="run `procgen init`, or choose another target",
        )
    events = read_events(database)
    plan = make_plan(migrations, events)
    refuse_problems(plan, out_of_order=allowed.out_of_order)
    refuse_sum_problems(project.folder(database.engine))
    last = migrations[-1] if to is None else find_migration(migrations, to)
    runnable = plan.runnable(out_of_order=allowed.out_of_order)
    if events and not allowed.drift:
        refuse_drift(project, database, events)
    return tuple(migration for migration in runnable if migration.number <= last.number)


class _Batch:
    """The steps so far and the migration that is running, for the record of a failure."""

    def __init__(
        self,
        project: Project,
        database: Database,
        gate: Gate | None,
        listener: Listener,
        allowed: Allowed,
    ) -> None:
        self.project = project
        self.database = database
        self.gate = gate
        self.listener = listener
        self.allowed = allowed
        self.commit = git_commit(project.root)
        self.steps: list[Step] = []
        self.running: Migration | None = None
        self.stored: dict[str, StoredObject] | None = None  # after the step before; read once

    def run(self, migration: Migration) -> None:
        """Run one migration: up, fingerprints, verify script, gate, history."""
        self.running = migration
        model = model_of(self.project, migration)
        started = time.monotonic()
        stale = stale_answers(self.database, migration.kind, migration.header.objects)
        if not self.allowed.stale:
            refuse_stale(migration.source("up"), stale)
        objects = self._run_up(migration)
        if migration.verify is not None:
            self.database.run_script(migration.verify, source=migration.source("verify"))
        certificate = self._ask_gate(migration)
        ms = round((time.monotonic() - started) * 1000)
        add_event(self.database, self.event(EventName.APPLY, migration, objects, ms))
        if model is not None:
            add_model(self.database, model, migration.id, certificate)
        step = Step(migration.id, migration.kind, objects, ms, certificate, fixes(stale))
        self.steps.append(step)
        self.listener(step)

    def _run_up(self, migration: Migration) -> tuple[StoredObject, ...]:
        schemas = (self.project.schema,)
        before = self.database.objects(schemas) if self.stored is None else self.stored
        self.database.run_script(migration.up, source=migration.source("up"))
        if self.database.layout() is None:
            raise DatabaseError(
                f"{migration.source('up')} has not made procgen's own tables",
                hint="the first migration must be 0001_init as `procgen init` writes it",
            )
        self.stored = self.database.objects(schemas)
        objects = changed_objects(before, self.stored)
        refuse_hiding(self.database, migration.source("up"), objects)
        refuse_orphans(self.database, migration.source("up"), objects)
        return objects

    def event(
        self,
        name: EventName,
        migration: Migration,
        objects: tuple[StoredObject, ...] = (),
        ms: int | None = None,
        note: str | None = None,
    ) -> Event:
        """A row of history about a migration of this batch."""
        return event_of(
            name, migration, self.database, self.commit, objects=objects, ms=ms, note=note
        )

    def _ask_gate(self, migration: Migration) -> Certificate | None:
        if self.gate is None or migration.kind is not Kind.CREATE:
            return None
        return self.gate(migration, self.database)


def _record_failure(batch: _Batch, error: ProcgenError) -> None:
    """Write a `fail` event in a transaction of its own; the batch is rolled back already."""
    if batch.running is None:
        return
    try:
        with batch.database.transaction():
            if batch.database.layout() is not None:
                note = str(error)[:NOTE_LENGTH]
                add_event(batch.database, batch.event(EventName.FAIL, batch.running, note=note))
    except DatabaseError as second:
        error.add_note(f"the failure could not be recorded: {second}")


def _check_recorded(batch: _Batch) -> None:
    """Read history again: a COMMIT of an aborted transaction may return without an error."""
    if not batch.steps:
        return
    with batch.database.rehearsal():
        recorded = {event.migration for event in read_events(batch.database)}
    for step in batch.steps:
        if step.id not in recorded:
            raise DatabaseError(
                f"the database took the commit, but {step.id} is not in its history",
                hint="nothing of the batch was kept; look at the server's log and apply again",
            )
