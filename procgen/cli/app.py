"""The commands and their order in `procgen --help`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from procgen.cli import compilation, databases, demo, projects
from procgen.cli.console import say

app = typer.Typer(
    name="procgen",
    help="Compile trained models into database routines: versioned, reversible, proven equal.",
    epilog="Start with: procgen demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it with one positional value
    if wanted:
        say(f"procgen {version('procgen')}")
        raise typer.Exit


@app.callback()
def procgen(
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print and exit."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks. Works after any command too.")
    ] = False,
) -> None:
    """Compile trained models into database routines: versioned, reversible, proven equal."""


app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.command("init", epilog=projects.EXAMPLE)(projects.init)
app.command("compile", epilog=compilation.EXAMPLE)(compilation.compile_command)
app.command("apply", epilog=databases.APPLY_EXAMPLE)(databases.apply)
app.command("status", epilog=databases.STATUS_EXAMPLE)(databases.status)
app.command("rollback", epilog=databases.ROLLBACK_EXAMPLE)(databases.rollback)
