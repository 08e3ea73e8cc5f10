"""`procgen init`: a project folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_json
from procgen.cli.listing import lines, names
from procgen.cli.options import AsJson
from procgen.migrations.init import init_project

EXAMPLE = "Example: procgen init scoring"


def init(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Its folder; this one by default.")
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Make a project: procgen.toml, models/ and migrations/ with procgen's own first migration.

    It never overwrites a file. In a project that is there already it writes nothing.
    """
    written = init_project(folder)
    if as_json:
        say_json({"folder": str(folder), "written": names(written, folder)})
        return
    if not written:
        say(f"{_named(folder)} is a project already; nothing was written")
        return
    say(f"{_named(folder)} is a new project")
    for line in lines(written, folder):
        say(f"  wrote {line}")
    say("Name your databases in procgen.toml, then: procgen compile MODEL --name NAME")


def _named(folder: Path) -> str:
    return os.path.normpath(folder) if folder != Path() else "this folder"
