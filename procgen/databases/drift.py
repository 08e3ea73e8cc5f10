"""Drift: each object that is not as git and history say, and how it differs.

- edited: a file is not what was applied
- drifted: a stored object is not what was recorded
- missing: it is not there
- unmanaged: it is there, and no migration made it
- unknown: a migration is applied that this checkout has no file for
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from procgen.databases.database import Database
from procgen.databases.difference import Difference, attribute_changes, first_difference, grants
from procgen.databases.fingerprints import Expectation, expectations, in_words_of
from procgen.databases.history import read_events
from procgen.databases.replay import ROUTINES, Replay
from procgen.errors import DatabaseError
from procgen.migrations.ledger import Event, StoredObject, applied_in_time
from procgen.migrations.migration import Migration
from procgen.migrations.plan import State, make_plan
from procgen.migrations.project import Project

# A table, a view or a trigger that no migration made is somebody's own.
OF_MODELS = (*ROUTINES, "table macro ")


class Cause(enum.StrEnum):
    """Why something is not as it should be."""

    EDITED = "edited"
    DRIFTED = "drifted"
    MISSING = "missing"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"


class Against(enum.StrEnum):
    """What the database is compared with."""

    FILES = "files"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        name: the object's identity, or the migration's name.
        cause: why.
        migration: the migration that made the object last, where one did.
        details: how it differs, each a phrase.
        difference: where the bodies part, where they do and both are known.
    """

    name: str
    cause: Cause
    migration: str | None = None
    details: tuple[str, ...] = ()
    difference: Difference | None = None

    @property
    def is_drift(self) -> bool:
        """An object that nobody claims is worth a word, but is no drift."""
        return self.cause is not Cause.UNMANAGED


def find_drift(
    project: Project, database: Database, *, against: Against = Against.HISTORY
) -> tuple[Finding, ...]:
    """Compare a database with the history and the files; nothing is changed.

    Args:
        project: the files.
        database: an open database.
        against: FILES runs every file where nothing is kept, so that history need not be trusted.

    Raises:
        DatabaseError: the files have to be run for the comparison, and cannot be.
    """
    migrations = project.migrations(database.engine)
    with database.quiet():
        events = read_events(database)
        applied = applied_in_time(events)
        found = list(_files(migrations, events))
        expected = expectations(database, applied, migrations, project.schema)
        live = database.objects((project.schema,))
        comparison = _Comparison(project, database, migrations, applied)
        if against is Against.FILES:
            expected = comparison.from_files(expected)
        found += comparison.findings(expected, live)
    return tuple(found)


def changed(
    expected: Mapping[str, Expectation], live: Mapping[str, StoredObject]
) -> dict[str, StoredObject | None]:
    """Each object that is missing (None) or not as expected."""
    pairs = {name: live.get(name) for name in expected}
    return {name: found for name, found in pairs.items() if not expected[name].agrees(found)}


def refuse_drift(project: Project, database: Database, events: Sequence[Event]) -> None:
    """Refuse to go on where a stored object is not as recorded; inside a transaction.

    Raises:
        DatabaseError: naming each of them.
    """
    migrations = project.migrations(database.engine)
    expected = expectations(database, applied_in_time(events), migrations, project.schema)
    wrong = changed(expected, database.objects((project.schema,)))
    if wrong:
        names = ", ".join(f"{name} ({'drifted' if wrong[name] else 'missing'})" for name in wrong)
        raise DatabaseError(
            f"the database is not as history recorded it: {names}",
            hint="look with `procgen drift`, mend with `procgen repair`, or allow it with "
            "--allow-drift",
        )


def _files(migrations: Sequence[Migration], events: Sequence[Event]) -> Iterator[Finding]:
    for entry in make_plan(migrations, events).entries:
        if entry.state is State.EDITED and entry.migration is not None:
            detail = "the file is not what was applied"
            yield Finding(entry.migration.source("up"), Cause.EDITED, entry.id, (detail,))
        elif entry.state is State.UNKNOWN:
            detail = "it is applied, but this checkout has no file for it"
            yield Finding(entry.id, Cause.UNKNOWN, entry.id, (detail,))


@dataclass(frozen=True, slots=True)
class _Comparison:
    project: Project
    database: Database
    migrations: Sequence[Migration]
    applied: Sequence[Event]

    def from_files(self, expected: Mapping[str, Expectation]) -> dict[str, Expectation]:
        """What the files say, with owner and grants as history has them."""
        replay = self._replay()
        return {
            name: replace(one, stored=in_words_of(one.stored, replay.objects[name]))
            if name in replay.objects
            else one
            for name, one in expected.items()
        }

    def findings(
        self, expected: Mapping[str, Expectation], live: Mapping[str, StoredObject]
    ) -> Iterator[Finding]:
        wrong = changed(expected, live)
        sources = self._sources(expected, wrong)
        for name, found in wrong.items():
            event = expected[name].event
            if found is None:
                yield Finding(name, Cause.MISSING, event.migration)
                continue
            details = tuple(_details(expected[name].stored, found, event.migration))
            yield Finding(name, Cause.DRIFTED, event.migration, details, sources.get(name))
        for name in live:
            if name not in expected and name.startswith(OF_MODELS):
                yield Finding(name, Cause.UNMANAGED)

    def _sources(
        self, expected: Mapping[str, Expectation], wrong: Mapping[str, StoredObject | None]
    ) -> dict[str, Difference]:
        """Where bodies part. A role that may not run the files is told less, not refused."""
        bodies = [
            name
            for name, found in wrong.items()
            if found is not None and found.body != expected[name].stored.body
        ]
        if not bodies:
            return {}
        live = self.database.sources((self.project.schema,))
        try:
            files = self._replay().sources
        except DatabaseError:
            return {}
        texts = {migration.id: migration for migration in self.migrations}
        pairs = [(name, texts.get(expected[name].event.migration)) for name in bodies]
        return {
            name: first_difference(files[name], live[name], migration)
            for name, migration in pairs
            if name in files and name in live and files[name] != live[name]
        }

    def _replay(self) -> Replay:
        files = {migration.id: migration for migration in self.migrations}
        known = [files[event.migration] for event in self.applied if event.migration in files]
        return self.database.replay(known, (self.project.schema,))


def _details(expected: StoredObject, live: StoredObject, migration: str) -> Iterable[str]:
    if expected.body != live.body:
        yield f"body differs from {migration}.up.sql"
    yield from attribute_changes(expected.attributes, live.attributes)
    if expected.owner != live.owner:
        yield f"owner is {live.owner}, was {expected.owner}"
    yield from grants(expected.acl, live.acl, migration)
    same_parts = (expected.attributes, expected.body) == (live.attributes, live.body)
    if same_parts and expected.definition != live.definition:
        yield f"definition differs from {migration}.up.sql"
