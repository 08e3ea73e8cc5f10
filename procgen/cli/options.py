"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path,
    typer.Option("-C", metavar="DIR", help="Work in this project folder.", show_default="here"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer for a program.")]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The database, as postgresql://... or duckdb:///..."),
]
Environment = Annotated[
    str | None,
    typer.Option("--env", metavar="NAME", help="A database that procgen.toml names."),
]
