"""What an apply or a rollback did, as values for the command line to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from procgen.databases.database import Database
from procgen.migrations.ledger import StoredObject
from procgen.migrations.migration import Migration

Certificate = Mapping[str, object]
Gate = Callable[[Migration, Database], Certificate | None]
"""Checks a migration inside its own transaction; raises ParityError to refuse it.

What it returns is kept as JSON in `procgen.models`.
"""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an apply or a rollback may go on with, because the user said so.

    Attributes:
        drift: stored objects that are not as history recorded them.
        out_of_order: migrations that later ones have overtaken.
        stale: stored answers that a moved facade makes wrong.
    """

    drift: bool = False
    out_of_order: bool = False
    stale: bool = False


NOTHING = Allowed()


@dataclass(frozen=True, slots=True)
class Step:
    """One migration that was applied or rolled back.

    Attributes:
        id: its name.
        kind: what it does.
        objects: the routines and types that it made, changed or removed.
        ms: how long it took, its verify script and the gate included.
        certificate: what the gate answered.
        fixes: statements that are still to be run, because stored answers are of another version.
    """

    id: str
    kind: str
    objects: tuple[StoredObject, ...] = ()
    ms: int = 0
    certificate: Certificate | None = None
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A whole batch, in the order in which it ran; empty where there was nothing to do."""

    engine: str
    steps: tuple[Step, ...]
    dry_run: bool = False


Listener = Callable[[Step], None]
"""Told of each step when it is done; the batch may still be rolled back."""


def ignore(step: Step) -> None:
    """A listener that does not listen."""
    del step
