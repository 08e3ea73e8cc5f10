"""Which batch is meant: what the migrations that are applied to a database attach there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procgen.artifacts.attachment import Attachment, Form
from procgen.databases.applied import read_applied
from procgen.databases.batching import CHUNK, Batch
from procgen.databases.database import Database
from procgen.errors import ProjectError
from procgen.migrations.attached import attachments, scorers
from procgen.migrations.facades import facade_states
from procgen.migrations.project import Project


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller says of a batch; what is not said may be anything."""

    facade: str
    table: str | None = None
    key: tuple[str, ...] = ()
    into: str | None = None

    def is_met_by(self, one: Attachment, schema: str) -> bool:
        """Whether this is a batch that is meant."""
        return (
            self.table in (None, str(one.source), one.source.name)
            and self.key in ((), tuple(column.name for column in one.key))
            and self.into in (None, one.into, f"{schema}.{one.into}")
        )

    def not_met(self, there: Sequence[Attachment]) -> ProjectError:
        """None of the batches that are there is meant, or several are."""
        listed = "; ".join(
            f"{one.source} by {', '.join(column.name for column in one.key)} into {one.into}"
            for one in there
        )
        if there and self == Wanted(self.facade):
            return ProjectError(
                f"{self.facade} has several batches: {listed}",
                hint="choose with --table, --key or --into",
            )
        return ProjectError(
            f"no migration that is applied here attaches such a batch of {self.facade}"
            + (f"; there is: {listed}" if listed else ""),
            hint=f"run `{self.command}` and `procgen apply`",
        )

    @property
    def command(self) -> str:
        """How to attach it."""
        keys = " ".join(f"--key {column}" for column in self.key or ("KEY",))
        into = f" --into {self.into}" if self.into else ""
        table = self.table or "TABLE"
        return f"procgen attach {self.facade} --as procedure --table {table} {keys}{into}"


def find_batch(
    project: Project,
    database: Database,
    wanted: Wanted,
    *,
    since: str | None = None,
    chunk: int = CHUNK,
) -> Batch:
    """The batch of a facade that is applied to this database.

    Args:
        project: the files.
        database: where.
        wanted: which one is meant.
        since: see `Batch`.
        chunk: see `Batch`.

    Raises:
        ProjectError: there is none, or there are several.
    """
    migrations = read_applied(project, database).migrations
    batches = [
        one
        for one in attachments(migrations).values()
        if one.form is Form.PROCEDURE and one.facade == wanted.facade
    ]
    found = [one for one in batches if wanted.is_met_by(one, project.schema)]
    if len(found) != 1:
        raise wanted.not_met(found or batches)
    now = scorers(project, wanted.facade, facade_states(migrations), database.engine)
    return Batch(project.schema, found[0], now, since, chunk)
