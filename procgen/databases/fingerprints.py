"""Comparing what is stored with what history recorded, in a way that another version can answer.

An engine's version prints a routine in its own way, so the fingerprints of another version are
replaced by those of a replay of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from procgen.databases.database import Database
from procgen.migrations.ledger import Event, StoredObject, expected_with_events
from procgen.migrations.migration import Migration


@dataclass(frozen=True, slots=True)
class Expectation:
    """One object as it should be, and the event that says so.

    Attributes:
        stored: what should be there.
        event: what made it so.
        is_comparable: whether it is in the words of this version of the engine; else only its
            absence can be told.
    """

    stored: StoredObject
    event: Event
    is_comparable: bool = True

    def agrees(self, live: StoredObject | None) -> bool:
        """Whether what is stored is what should be."""
        return live is not None and (not self.is_comparable or same(live, self.stored))


def expectations(
    database: Database, applied: Sequence[Event], migrations: Iterable[Migration], schema: str
) -> dict[str, Expectation]:
    """What should be stored now, in the words of this version of the engine.

    Args:
        database: an open transaction or rehearsal.
        applied: the events of what is applied now, in the order of time.
        migrations: the files, for what another version of the engine recorded.
        schema: of the routines.

    Raises:
        DatabaseError: the files had to be replayed, and could not be.
    """
    recorded = {
        name: Expectation(found, event)
        for name, (found, event) in expected_with_events(applied).items()
    }
    if all(database.is_like(one.event.engine) for one in recorded.values()):
        return recorded
    files = {migration.id: migration for migration in migrations}
    known = [files[event.migration] for event in applied if event.migration in files]
    return translated(recorded, database.replay(known, (schema,)).objects, database)


def translated(
    recorded: Mapping[str, Expectation], replay: Mapping[str, StoredObject], database: Database
) -> dict[str, Expectation]:
    """The same with the fingerprints of a replay where another version recorded them."""
    return {name: _translated(one, replay.get(name), database) for name, one in recorded.items()}


def _translated(one: Expectation, replayed: StoredObject | None, database: Database) -> Expectation:
    if database.is_like(one.event.engine):
        return one
    if replayed is None:  # a hand-written migration made it
        return replace(one, is_comparable=False)
    return replace(one, stored=in_words_of(one.stored, replayed))


def in_words_of(stored: StoredObject, replay: StoredObject) -> StoredObject:
    """An object with its own owner and grants, and all else as a replay printed it."""
    return replace(
        stored,
        definition=replay.definition,
        body=replay.body,
        attributes=replay.attributes,
    )


def same(one: StoredObject, other: StoredObject) -> bool:
    """Whether two fingerprints are of the same object; history may lack its attributes."""
    return replace(one, attributes="") == replace(other, attributes="")
