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
class Step:
    """One migration that was applied or rolled back.

    Attributes:
        id: its name.
        kind: what it does.
        objects: the routines and types that it made, changed or removed.
        ms: how long it took, its verify script and the gate included.
        certificate: what the gate answered.
    """

    id: str
    kind: str
    objects: tuple[StoredObject, ...] = ()
    ms: int = 0
    certificate: Certificate | None = None


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
