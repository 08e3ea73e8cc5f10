"""`procgen verify`: every version that is applied answers as it did when it was compiled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.parity import certified, is_bounded
from procgen.cli.suites import STYLES
from procgen.cli.targets import choose_database
from procgen.databases.opening import open_database
from procgen.databases.verifying import Verified, verify_applied
from procgen.verify import case_gate

EXAMPLE = "Example: procgen verify churn --env prod"


def verify(
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only the versions of this model.")
    ] = None,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Run the verify scripts and the parity cases again; all of it is rolled back.

    The exit code is 1 where an answer differs, or a certificate does not hold any more.
    It needs the right to make temporary tables.
    """
    project, database_url = choose_database(folder, url, env)
    with working("verifying"), open_database(database_url) as database:
        results = verify_applied(project, database, case_gate(project, floor=0), name)
    if as_json:
        say_json([_as_json(one) for one in results])
    elif results:
        say_columns([_cells(one) for one in results], STYLES)
    else:
        say("no version is applied" + (f" of {name}" if name else ""))
    if any(one.failure for one in results):
        raise typer.Exit(1)


def _cells(one: Verified) -> tuple[str, ...]:
    detail = one.failure or (certified(one.certificate) if one.certificate else "verify script")
    right = "bounded" if one.certificate and is_bounded(one.certificate) else "equal"
    return ("  " + one.migration.id, "differs" if one.failure else right, detail)


def _as_json(one: Verified) -> dict[str, object]:
    return {
        "migration": one.migration.id,
        "equal": one.failure is None,
        "failure": one.failure,
        "certificate": one.certificate,
        "recorded": one.recorded,
    }
