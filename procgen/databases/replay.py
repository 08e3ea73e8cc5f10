"""What the files would store, learned by running them where nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from procgen.databases.stored import changed_objects
from procgen.migrations.header import Kind
from procgen.migrations.ledger import StoredObject
from procgen.migrations.migration import Migration

REPLAYED = frozenset({Kind.CREATE, Kind.PROMOTE, Kind.RETIRE})
"""Kinds whose scripts touch the routines' schema alone; others may need tables of users."""
ROUTINES = ("function ", "procedure ", "type ", "macro ")
"""What these kinds make; a promotion makes attachments again, which stand on tables of users."""


BESIDE = ("_rows", "_nodes")
"""How the names of DuckDB's table macros and node tables end."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a run of the files left behind, in the words of this very server.

    Attributes:
        steps: the objects that each migration made, changed or removed, by its name.
        objects: what is there at the end.
        sources: the statement that makes each of those, as the server prints it.
    """

    steps: Mapping[str, tuple[StoredObject, ...]]
    objects: Mapping[str, StoredObject]
    sources: Mapping[str, str]


@dataclass(slots=True)
class Recording:
    """Takes down what each script changes while a replay runs."""

    before: dict[str, StoredObject] = field(default_factory=dict)
    steps: dict[str, tuple[StoredObject, ...]] = field(default_factory=dict)

    def note(self, migration: Migration, after: dict[str, StoredObject]) -> None:
        """A script has run."""
        self.steps[migration.id] = changed_objects(self.before, after)
        self.before = after


def routines(found: Mapping[str, StoredObject]) -> dict[str, StoredObject]:
    """Those of these objects that a replay can make."""
    return {name: one for name, one in found.items() if is_of_version(name)}


def is_of_version(identity: str) -> bool:
    """Whether an object is a version's or a facade's, and not of an attachment."""
    beside = identity.startswith(("table macro ", "table ")) and identity.endswith(BESIDE)
    return identity.startswith(ROUTINES) or beside


def replayed(migrations: Sequence[Migration]) -> list[Migration]:
    """Those of these migrations whose scripts a replay runs."""
    return [migration for migration in migrations if migration.kind in REPLAYED]
