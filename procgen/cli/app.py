"""The commands and their order in `procgen --help`."""

from __future__ import annotations

from typing import Annotated

import typer

from procgen.cli import (
    attaching,
    batches,
    check,
    checking,
    compilation,
    databases,
    demo,
    detaching,
    drifting,
    exporting,
    history,
    mending,
    projects,
    promoting,
    sql,
    testing,
    verifying,
)
from procgen.cli.console import say
from procgen.migrations.resources import TOOL

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
        say(TOOL)
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
app.command("check", epilog=check.EXAMPLE)(check.check)
app.command("compile", epilog=compilation.EXAMPLE)(compilation.compile_command)
app.command("apply", epilog=databases.APPLY_EXAMPLE)(databases.apply)
app.command("status", epilog=databases.STATUS_EXAMPLE)(databases.status)
app.command("rollback", epilog=databases.ROLLBACK_EXAMPLE)(databases.rollback)
app.command("promote", epilog=promoting.PROMOTE_EXAMPLE)(promoting.promote)
app.command("retire", epilog=promoting.RETIRE_EXAMPLE)(promoting.retire)
app.command("attach", epilog=attaching.EXAMPLE)(attaching.attach)
app.command("detach", epilog=detaching.EXAMPLE)(detaching.detach)
app.command("score", epilog=batches.EXAMPLE)(batches.score)
app.command("history", epilog=history.EXAMPLE)(history.history)
app.command("drift", epilog=drifting.EXAMPLE)(drifting.drift)
app.command("verify", epilog=verifying.EXAMPLE)(verifying.verify)
app.command("test", epilog=testing.EXAMPLE)(testing.run_suite)
app.command("repair", epilog=mending.REPAIR_EXAMPLE)(mending.repair)
app.command("baseline", epilog=mending.BASELINE_EXAMPLE)(mending.baseline)
app.command("sql", epilog=sql.EXAMPLE)(sql.sql)
app.command("check-migrations", epilog=checking.EXAMPLE)(checking.check_migrations)
app.command("export", epilog=exporting.EXAMPLE)(exporting.export)
