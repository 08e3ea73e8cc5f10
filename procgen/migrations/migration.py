"""One migration: two or three canonical scripts and what their header says."""

from __future__ import annotations

from dataclasses import dataclass

from procgen.migrations.canonical import sha256
from procgen.migrations.header import Header, Kind


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered change of one engine, complete as read.

    Attributes:
        number: its place in the order, from 1.
        slug: the rest of its name.
        engine: the folder it stands in: `duckdb` or `postgres`.
        header: what its `.up.sql` says about itself.
        up: the canonical text that makes the change.
        down: the canonical text that undoes it.
        verify: the canonical text that raises if the change is not right.
    """

    number: int
    slug: str
    engine: str
    header: Header
    up: str
    down: str
    verify: str | None = None

    @property
    def id(self) -> str:
        """Its name in history and in `requires`, such as `0002_churn_v1`."""
        return migration_id(self.number, self.slug)

    @property
    def kind(self) -> Kind:
        """What it does."""
        return self.header.kind

    @property
    def up_sha256(self) -> str:
        """The hash that must not change once the migration is applied."""
        return sha256(self.up)

    @property
    def down_sha256(self) -> str:
        """The hash of the script that undoes it."""
        return sha256(self.down)

    @property
    def verify_sha256(self) -> str | None:
        """The hash of its verify script, if it has one."""
        return None if self.verify is None else sha256(self.verify)

    def source(self, part: str) -> str:
        """The file of one part (`up`, `down`, `verify`), as messages name it."""
        return f"migrations/{self.engine}/{self.id}.{part}.sql"


def migration_id(number: int, slug: str) -> str:
    """Spell a migration's name; numbers have four digits so that files sort in their order."""
    return f"{number:04d}_{slug}"
