"""`procgen check-migrations`: are the files in order? No database is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_json
from procgen.cli.listing import names
from procgen.cli.options import AsJson, Folder
from procgen.cli.targets import Engine, check_engine
from procgen.migrations.checking import folder_problems, write_sums
from procgen.migrations.project import load_project

EXAMPLE = "Example: procgen check-migrations"
BAD = 3


def check_migrations(
    *,
    target: Engine = None,
    write: Annotated[
        bool,
        typer.Option("--write-sums", help="First enter the files as they are into procgen.sum."),
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Check names, numbers, procgen.sum, requirements, headers and models/ without a database.

    The exit code is 3 where something is wrong. Write a migration of your own, then run this with
    --write-sums.
    """
    check_engine(target)
    project = load_project(folder)
    engines = project.engines if target is None else (target,)
    written = [
        path for engine in engines for path in (write_sums(project, engine) if write else ())
    ]
    problems = {engine: folder_problems(project, engine) for engine in engines}
    if as_json:
        say_json({"problems": problems, "written": names(written, project.root)})
    else:
        for name in names(written, project.root):
            say(f"  wrote {name}")
        for engine, found in problems.items():
            say(f"migrations/{engine}: " + ("in order" if not found else f"{len(found)} wrong"))
            for problem in found:
                say(f"  {problem}")
    if any(problems.values()):
        raise typer.Exit(BAD)
