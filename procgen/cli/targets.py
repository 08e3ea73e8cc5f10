"""Which database or which engine a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.errors import ProjectError
from procgen.migrations.folder import ENGINES
from procgen.migrations.project import Project, load_project

Engine = Annotated[
    str | None,
    typer.Option("--target", metavar="|".join(ENGINES), help="One engine; else all that have it."),
]
OneEngine = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="|".join(ENGINES), help="Which engine; else the default target's."
    ),
]
AllowDrift = Annotated[
    bool,
    typer.Option("--allow-drift", help="Go on where a stored routine was changed by hand."),
]
AllowStale = Annotated[
    bool,
    typer.Option("--allow-stale", help="Move a facade whose answers are stored somewhere."),
]
MinCoverage = Annotated[
    float,
    typer.Option(
        "--min-coverage",
        metavar="PERCENT",
        min=0,
        max=100,
        help="How many of the reachable leaves the cases must reach.",
    ),
]


def choose_database(folder: Path, url: str | None, env: str | None) -> tuple[Project, str]:
    """The project and the URL that the options name."""
    if url is not None and env is not None:
        raise typer.BadParameter("--url and --env both name the database: give one of them")
    project = load_project(folder)
    return project, url if url is not None else project.url(env)


def check_engine(target: str | None) -> None:
    """Refuse an engine that there is not."""
    if target is not None and target not in ENGINES:
        raise typer.BadParameter(f"--target is one of {', '.join(ENGINES)}, not {target!r}")


def one_engine(project: Project, target: str | None) -> str:
    """The engine that is meant."""
    check_engine(target)
    return project.target().engine if target is None else target


def parse_version(text: str) -> int:
    """The number in `v3` or `3`."""
    digits = text.removeprefix("v")
    if not digits.isdecimal() or int(digits) < 1:
        raise typer.BadParameter(f"{text!r} is not a version; write it like v3")
    return int(digits)


def refuse_nothing(name: str, what: str) -> ProjectError:
    """The error where no engine has what is asked for."""
    return ProjectError(
        f"no engine's migrations have {name} {what}",
        hint=f"run `procgen compile MODEL --name {name}` first",
    )
