"""Repairing one migration, so that database, history and file agree again.

Git's version goes back into the database; or a file's new hash goes into history, where the
edited file still makes the very same objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procgen.databases.database import Database
from procgen.databases.drift import changed
from procgen.databases.fingerprints import Expectation, expectations
from procgen.databases.history import add_event, read_events
from procgen.databases.records import event_of
from procgen.databases.remaking import remaking
from procgen.databases.replay import Replay, routines
from procgen.databases.report import Report, Step
from procgen.errors import DatabaseError, ProjectError
from procgen.migrations.checkout import git_commit
from procgen.migrations.folder import find_migration
from procgen.migrations.ledger import Event, EventName, StoredObject, applied_in_time
from procgen.migrations.migration import Migration
from procgen.migrations.project import Project
from procgen.migrations.sums import refuse_sum_problems

REHASHED = "the file was edited and makes the same objects"
RESTORED = "git's version was put back"
WITH_RIGHTS = ("function ", "procedure ")
"""What gets back its owner and its grants too."""


def repair(project: Project, database: Database, wanted: str | int) -> Report:
    """Mend what a migration made, or record its edited file; empty where all is well.

    Raises:
        ProjectError: there is no such migration, it is not applied, or the edited file would make
            other objects.
        DatabaseError: the objects cannot be put back; nothing was changed.
    """
    migrations = project.migrations(database.engine)
    migration = find_migration(migrations, wanted)
    refuse_sum_problems(project.folder(database.engine))
    with database.locked():
        applied = applied_in_time(read_events(database))
        event = _event_of(applied, migration)
        repairing = _Repairing(project, database, migrations, applied, migration, event)
        steps = (*repairing.rehash(), *repairing.restore())
    return Report(database.version, steps)


def _event_of(applied: Sequence[Event], migration: Migration) -> Event:
    for event in applied:
        if event.migration == migration.id:
            return event
    raise ProjectError(f"{migration.id} is not applied", hint="run `procgen apply`")


class _Repairing:
    """One repair; the files are run once, where nothing is kept, and only if they are needed."""

    def __init__(
        self,
        project: Project,
        database: Database,
        migrations: Sequence[Migration],
        applied: Sequence[Event],
        migration: Migration,
        event: Event,
    ) -> None:
        self.project = project
        self.database = database
        self.migrations = migrations
        self.applied = applied
        self.migration = migration
        self.event = event
        self.known: Replay | None = None

    @property
    def schemas(self) -> tuple[str, ...]:
        """Of the routines."""
        return (self.project.schema,)

    def rehash(self) -> list[Step]:
        """Record the file as it is now, if it was edited and still makes the same objects."""
        if self.event.up_sha256 == self.migration.up_sha256:
            return []
        now = {found.identity: found for found in self._replay().steps.get(self.migration.id, ())}
        before = routines({found.identity: found for found in self.event.objects})
        for name in sorted(now.keys() | before.keys()):
            if not self._agrees(before.get(name), now.get(name)):
                raise ProjectError(
                    f"{self.migration.source('up')} was edited after it was applied, and now "
                    f"makes another {name}",
                    hint="restore it from git, and put the change into a new migration",
                )
        return [self._record(self.event.objects, REHASHED)]

    def restore(self) -> list[Step]:
        """Put back what this migration made last and somebody changed or dropped."""
        expected = expectations(self.database, self.applied, self.migrations, self.project.schema)
        mine = {
            name: one for name, one in expected.items() if one.event.migration == self.migration.id
        }
        wrong = changed(mine, self.database.objects(self.schemas))
        if not wrong:
            return []
        sources = self._replay().sources
        stored = [one.stored for name, one in mine.items() if name in wrong and name in sources]
        self.database.restore(stored, sources)
        self._remake({name: one.stored for name, one in mine.items() if name in wrong}, sources)
        self._check(mine)
        live = self.database.objects(self.schemas)
        return [self._record(tuple(live[name] for name in mine), RESTORED)]

    def _remake(self, wrong: Mapping[str, StoredObject], known: Mapping[str, str]) -> None:
        """Put back what stands on tables of users, where no replay can make it."""
        there = self.database.objects(self.schemas)
        others = wrong.keys() - known.keys()
        texts = remaking(self.migration.up, others, there, self.database.engine)
        for name, text in texts.items():
            if name.startswith(WITH_RIGHTS):
                self.database.restore([wrong[name]], {name: text})
            else:
                self.database.run_script(text + ";\n", source=f"the statements of {name}")

    def _check(self, mine: dict[str, Expectation]) -> None:
        still = changed(mine, self.database.objects(self.schemas))
        if still:
            raise DatabaseError(
                f"{self.migration.source('up')} does not make what history recorded: "
                f"{', '.join(still)}",
                hint="nothing was changed; put it back by hand, or roll the migration back "
                "with --allow-drift and apply it again",
            )

    def _record(self, objects: tuple[StoredObject, ...], note: str) -> Step:
        commit = git_commit(self.project.root)
        event = event_of(
            EventName.REPAIR, self.migration, self.database, commit, objects=objects, note=note
        )
        add_event(self.database, event)
        return Step(self.migration.id, self.migration.kind, objects)

    def _agrees(self, before: StoredObject | None, now: StoredObject | None) -> bool:
        if before is None or now is None:
            return False
        if not self.database.is_like(self.event.engine):
            before = self._replay().objects.get(before.identity, before)
        return (before.gone, before.definition, before.body) == (
            now.gone,
            now.definition,
            now.body,
        )

    def _replay(self) -> Replay:
        if self.known is None:
            files = {migration.id: migration for migration in self.migrations}
            known = [files[one.migration] for one in self.applied if one.migration in files]
            self.known = self.database.replay(known, self.schemas)
        return self.known
