"""`procgen sql`: an apply as one script, for administrators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say_json, say_script
from procgen.cli.options import AsJson, Folder
from procgen.cli.targets import OneEngine, one_engine
from procgen.databases.batch import batch_script
from procgen.migrations.project import load_project

EXAMPLE = "Example: procgen sql --target postgres --from 0004 > upgrade.sql"


def sql(
    *,
    after: Annotated[
        str | None,
        typer.Option("--from", metavar="ID", help="The last migration that the database has."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="The last migration to apply.")
    ] = None,
    target: OneEngine = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Print one script that does what apply would, history rows and lock included.

    No database is asked. On PostgreSQL run it with psql -X -1. Parity cases are not in it: run
    procgen verify afterwards.
    """
    project = load_project(folder)
    engine = one_engine(project, target)
    script = batch_script(project, engine, after=after, to=to)
    if as_json:
        say_json({"target": engine, "sql": script})
    else:
        say_script(script)
