"""`procgen repair` and `procgen baseline`: database, history and files agree again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_json, working
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.targets import choose_database
from procgen.databases.baseline import baseline as take_over
from procgen.databases.opening import open_database
from procgen.databases.repair import repair as mend
from procgen.databases.report import Report

REPAIR_EXAMPLE = "Example: procgen repair 0007 --env prod"
BASELINE_EXAMPLE = "Example: procgen baseline 0004 --env prod"

Id = Annotated[str, typer.Argument(metavar="ID", help="The migration: 0007 or its full name.")]


def repair(
    *,
    migration: Id,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Put git's version of a migration's routines back, with their owner and grants.

    For a file that was edited after it was applied: record its new hash, if it still makes the
    very same routines; else it is refused.
    """
    project, database_url = choose_database(folder, url, env)
    with working("repairing"), open_database(database_url) as database:
        report = mend(project, database, migration)
    _report(report, "repaired", "nothing is to be repaired", as_json=as_json)


def baseline(
    *,
    migration: Id,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Record migrations as applied, up to ID, in a database that has their routines already.

    Refused where a routine is missing or is not what its file makes. Hand-written migrations are
    taken at their word.
    """
    project, database_url = choose_database(folder, url, env)
    with working("comparing"), open_database(database_url) as database:
        report = take_over(project, database, migration)
    _report(report, "recorded", "there is nothing to record", as_json=as_json)


def _report(report: Report, verb: str, nothing: str, *, as_json: bool) -> None:
    if as_json:
        steps = [
            {"id": step.id, "objects": [found.identity for found in step.objects]}
            for step in report.steps
        ]
        say_json({"engine": report.engine, verb: steps})
        return
    for step in report.steps:
        say(f"  {step.id}   {verb}")
    say("  committed" if report.steps else nothing)
