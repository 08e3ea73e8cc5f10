"""The plan: files on one side, history on the other, and one state for each name of either."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.errors import ProjectError
from procgen.migrations.ledger import Event, applied_events
from procgen.migrations.migration import Migration


class State(enum.StrEnum):
    """How a migration stands."""

    APPLIED = "applied"
    PENDING = "pending"
    EDITED = "edited"
    UNKNOWN = "unknown"
    OUT_OF_ORDER = "out of order"


@dataclass(frozen=True, slots=True)
class Entry:
    """One migration of the plan; a pending one has no event, an unknown one has no file."""

    id: str
    state: State
    migration: Migration | None
    event: Event | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every migration that a file or the history names, in order."""

    entries: tuple[Entry, ...]

    @property
    def pending(self) -> tuple[Migration, ...]:
        """What an apply would run, in order."""
        return tuple(
            entry.migration
            for entry in self.entries
            if entry.state is State.PENDING and entry.migration is not None
        )

    def runnable(self, *, out_of_order: bool) -> tuple[Migration, ...]:
        """The same, with those that later migrations have overtaken if they are wanted."""
        states = (State.PENDING, State.OUT_OF_ORDER) if out_of_order else (State.PENDING,)
        found = (entry for entry in self.entries if entry.state in states)
        return tuple(entry.migration for entry in found if entry.migration is not None)

    @property
    def problems(self) -> tuple[Entry, ...]:
        """What an apply refuses to go on with."""
        return tuple(
            entry for entry in self.entries if entry.state not in (State.APPLIED, State.PENDING)
        )


def make_plan(migrations: Sequence[Migration], events: Sequence[Event]) -> Plan:
    """Compare the files of one engine with the history of one database."""
    return Plan(tuple(sorted(_entries(migrations, events), key=lambda entry: entry.id)))


def _entries(migrations: Sequence[Migration], events: Sequence[Event]) -> Iterator[Entry]:
    applied = {event.migration: event for event in applied_events(events)}
    last = max(applied, default="")
    for migration in migrations:
        event = applied.pop(migration.id, None)
        yield Entry(migration.id, _state(migration, event, last), migration, event)
    for name, event in applied.items():
        yield Entry(name, State.UNKNOWN, None, event)


def _state(migration: Migration, event: Event | None, last: str) -> State:
    if event is None:
        return State.OUT_OF_ORDER if migration.id < last else State.PENDING
    return State.APPLIED if event.up_sha256 == migration.up_sha256 else State.EDITED


def refuse_problems(plan: Plan, *, out_of_order: bool = False) -> None:
    """Raise for the first entry that stands in the way of an apply.

    Args:
        plan: what is applied and what is not.
        out_of_order: let migrations pass that later ones have overtaken.

    Raises:
        ProjectError: naming the migration and its file.
    """
    for entry in plan.problems:
        if out_of_order and entry.state is State.OUT_OF_ORDER:
            continue
        message, hint = _message(entry)
        raise ProjectError(message, hint=hint)


def _message(entry: Entry) -> tuple[str, str]:
    file = entry.id if entry.migration is None else entry.migration.source("up")
    match entry.state:
        case State.EDITED:
            return (
                f"{file} was edited after it was applied",
                "restore it from git, and put the change into a new migration",
            )
        case State.UNKNOWN:
            return (
                f"{file} is applied, but this checkout has no file for it",
                "update the checkout, or roll it back: its down script is in the history",
            )
        case State.OUT_OF_ORDER:
            return (
                f"{file} is not applied, but later migrations are",
                "give it the next free number, or allow it with --out-of-order",
            )
        case State.APPLIED | State.PENDING:
            return (f"{file} is {entry.state}", "go on")
