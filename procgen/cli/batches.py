"""`procgen score`: the rows of a table that the champion has not scored yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from procgen.cli.console import say, say_json
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.targets import choose_database
from procgen.databases.batches import Wanted, find_batch
from procgen.databases.batching import CHUNK, Batch, Job
from procgen.databases.database import Database
from procgen.databases.opening import open_database

EXAMPLE = "Example: procgen score churn --table app.customers --env prod --since 2026-11-01"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, as in ml.NAME.")]
Table = Annotated[
    str | None, typer.Option("--table", metavar="TABLE", help="Where it is attached to several.")
]
Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="COLUMN", help="The key it goes by; once for each column."),
]
Into = Annotated[
    str | None, typer.Option("--into", metavar="TABLE", help="Where it writes to several.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="MOMENT", help="Only rows that were changed from then on."),
]
Chunk = Annotated[int, typer.Option("--chunk", min=1, help="Rows that are committed together.")]


def score(  # noqa: PLR0913 - an option is a parameter
    *,
    name: Name,
    table: Table = None,
    key: Key = None,
    into: Into = None,
    since: Since = None,
    chunk: Chunk = CHUNK,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Score what is not scored yet, as `procgen attach --as procedure` says; chunk by chunk.

    A run that was stopped is taken up where it was. Rows that this version has scored are skipped.
    """
    project, database_url = choose_database(folder, url, env)
    with open_database(database_url) as database:
        wanted = Wanted(name, table, tuple(key or ()), into)
        batch = find_batch(project, database, wanted, since=since, chunk=chunk)
        jobs = _run(database, batch)
    if as_json:
        say_json([_as_json(job) for job in jobs])
        return
    for job in jobs:
        failed = f", {job.failed:,} failed (see procgen.failures)" if job.failed else ""
        say(f"  {job.model} v{job.version}: {job.scored:,} rows scored{failed}")


def _run(database: Database, batch: Batch) -> tuple[Job, ...]:
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task(f"scoring {batch.attachment.source}", total=None)

        def tell(phrase: str, done: int, rows: int | None) -> None:
            bar.update(task, description=phrase, completed=done, total=rows)

        return database.run_batch(batch, tell)


def _as_json(job: Job) -> dict[str, object]:
    return {
        "model": job.model,
        "version": job.version,
        "scored": job.scored,
        "failed": job.failed,
    }
