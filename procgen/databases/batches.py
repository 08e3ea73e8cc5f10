"""Which batch is meant: what the migrations that are applied to a database attach there."""

from __future__ import annotations

from collections.abc import Sequence

from procgen.artifacts.attachment import Attachment, Form
from procgen.databases.applied import read_applied
from procgen.databases.batching import CHUNK, Batch
from procgen.databases.database import Database
from procgen.errors import ProjectError
from procgen.migrations.attached import attachments, scorers
from procgen.migrations.facades import facade_states
from procgen.migrations.project import Project


def find_batch(
    project: Project,
    database: Database,
    facade: str,
    *,
    table: str | None = None,
    since: str | None = None,
    chunk: int = CHUNK,
) -> Batch:
    """The batch of a facade that is applied to this database.

    Args:
        project: the files.
        database: where.
        facade: whose.
        table: the source, where the facade has batches over several.
        since: see `Batch`.
        chunk: see `Batch`.

    Raises:
        ProjectError: there is none, or there are several.
    """
    migrations = read_applied(project, database).migrations
    found = [
        one
        for one in attachments(migrations).values()
        if one.form is Form.PROCEDURE
        and one.facade == facade
        and table in (None, str(one.source), one.source.name)
    ]
    if len(found) != 1:
        raise _not_one(found, facade, table)
    now = scorers(project, facade, facade_states(migrations), database.engine)
    return Batch(project.schema, found[0], now, since, chunk)


def _not_one(found: Sequence[Attachment], facade: str, table: str | None) -> ProjectError:
    if found:
        tables = ", ".join(str(one.source) for one in found)
        return ProjectError(f"{facade} has a batch over each of: {tables}", hint="choose --table")
    return ProjectError(
        f"no migration that is applied here attaches a batch of {facade}"
        + (f" to {table}" if table else ""),
        hint=f"run `procgen attach {facade} --as procedure --table {table or 'TABLE'} --key KEY` "
        "and `procgen apply`",
    )
