"""`procgen detach`: the migration that drops what `procgen attach` made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.listing import say_written
from procgen.cli.options import AsJson, Folder
from procgen.cli.targets import OneEngine, one_engine
from procgen.migrations.detaching import detach_files
from procgen.migrations.project import load_project
from procgen.migrations.writing import write_files

EXAMPLE = "Example: procgen detach churn churn_on_customers --target postgres"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, as in ml.NAME.")]
What = Annotated[
    str, typer.Argument(metavar="WHAT", help="The name of its trigger, view, procedure, ...")
]


def detach(
    *,
    name: Name,
    what: What,
    target: OneEngine = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the migration that drops an attachment; a predictions table goes with its maker."""
    project = load_project(folder)
    written = write_files(detach_files(project, one_engine(project, target), name, what))
    say_written(written, project.root, as_json=as_json)
