"""`procgen apply`, `status` and `rollback`: what a database has, and has to get."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.parity import certified
from procgen.databases.opening import open_database
from procgen.databases.report import Report, Step
from procgen.databases.rollback import rollback as roll_back
from procgen.databases.runner import apply as apply_migrations
from procgen.databases.status import status as read_status
from procgen.migrations.plan import Entry, State
from procgen.migrations.project import Project, load_project
from procgen.verify import case_gate

APPLY_EXAMPLE = "Example: procgen apply --env prod"
STATUS_EXAMPLE = "Example: procgen status --env prod --json"
ROLLBACK_EXAMPLE = "Example: procgen rollback --env prod --steps 1"

UpTo = Annotated[
    str | None,
    typer.Option("--to", metavar="ID", help="The last migration to apply: 0007 or its full name."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be applied; run nothing.")]
BackTo = Annotated[
    str | None,
    typer.Option("--to", metavar="ID", help="The last migration to keep; 0 keeps none."),
]
Steps = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="How many to undo, newest first.")
]


def apply(
    *,
    url: Url = None,
    env: Environment = None,
    to: UpTo = None,
    dry_run: DryRun = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Apply what is pending: all of it, certified and recorded, or nothing.

    It runs in one transaction, under a lock. Each new version must answer as Python did.
    """
    project, database_url = _choose(folder, url, env)
    with working("applying"), open_database(database_url) as database:
        gate = case_gate(project)
        report = apply_migrations(project, database, to=to, dry_run=dry_run, gate=gate)
    if as_json:
        say_json(_as_json(report))
        return
    if not report.steps:
        say("nothing is pending")
        return
    say_columns([row for step in report.steps for row in _step_rows(step, dry_run=dry_run)])
    say("nothing was run" if dry_run else "  committed")


def status(
    *,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Show each migration's state. The exit code is 1 where something is not applied as it is."""
    project, database_url = _choose(folder, url, env)
    with open_database(database_url, read_only=True) as database:
        plan = read_status(project, database)
    if as_json:
        say_json([_entry_as_json(entry) for entry in plan.entries])
    elif plan.entries:
        say_columns([_cells(entry) for entry in plan.entries], STYLES)
    else:
        say("there are no migrations")
    if any(entry.state is not State.APPLIED for entry in plan.entries):
        raise typer.Exit(1)


def rollback(
    *,
    to: BackTo = None,
    steps: Steps = None,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Undo migrations, newest first, with the down scripts that the database recorded."""
    if (to is None) == (steps is None):
        raise typer.BadParameter("give either --to, the last migration to keep, or --steps")
    project, database_url = _choose(folder, url, env)
    with working("rolling back"), open_database(database_url) as database:
        report = roll_back(database, to=to, steps=steps, schema=project.schema)
    if as_json:
        say_json(_as_json(report))
        return
    say_columns([("  " + step.id, f"removed {_names(step)}") for step in report.steps])
    say("  committed" if report.steps else "nothing was rolled back")


STYLES: dict[str, str] = {
    State.APPLIED: "green",
    State.PENDING: "yellow",
    State.EDITED: "bold red",
    State.UNKNOWN: "bold red",
    State.OUT_OF_ORDER: "bold red",
}


def _choose(folder: Path, url: str | None, env: str | None) -> tuple[Project, str]:
    if url is not None and env is not None:
        raise typer.BadParameter("--url and --env both name the database: give one of them")
    project = load_project(folder)
    return project, url if url is not None else project.url(env)


def _step_rows(step: Step, *, dry_run: bool) -> list[tuple[str, ...]]:
    """What a migration did, or would do, and below it how it was certified."""
    if dry_run:
        return [("  " + step.id, State.PENDING, "")]
    rows: list[tuple[str, ...]] = [
        ("  " + step.id, f"created {_names(step)}", f"{step.ms / 1000:.1f} s")
    ]
    if step.certificate is not None:
        rows.append(("", certified(step.certificate), ""))
    return rows


def _names(step: Step) -> str:
    """The objects by name alone; types make lines of a hundred arguments."""
    names = [found.identity.partition("(")[0].split(" ")[-1] for found in step.objects]
    return ", ".join(dict.fromkeys(names)) or "procgen's own tables"


def _cells(entry: Entry) -> tuple[str, ...]:
    event = entry.event
    when = f"{event.applied_at:%Y-%m-%d} by {event.by_role}" if event and event.applied_at else ""
    return ("  " + entry.id, entry.state, when)


def _as_json(report: Report) -> dict[str, object]:
    return {
        "engine": report.engine,
        "dry_run": report.dry_run,
        "migrations": [
            {
                "id": step.id,
                "kind": step.kind,
                "objects": [found.identity for found in step.objects],
                "ms": step.ms,
                "certificate": step.certificate,
            }
            for step in report.steps
        ],
    }


def _entry_as_json(entry: Entry) -> dict[str, object]:
    event = entry.event
    return {
        "id": entry.id,
        "state": entry.state.value,
        "applied_at": event.applied_at.isoformat() if event and event.applied_at else None,
        "applied_by": event.by_role if event else None,
    }
