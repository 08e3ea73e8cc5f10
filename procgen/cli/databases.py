"""`procgen apply`, `status` and `rollback`: what a database has, and has to get."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.parity import certified
from procgen.cli.targets import AllowDrift, AllowStale, MinCoverage, choose_database
from procgen.databases.opening import open_database
from procgen.databases.report import Allowed, Certificate, Report, Step
from procgen.databases.rollback import rollback as roll_back
from procgen.databases.runner import apply as apply_migrations
from procgen.databases.status import read_certificates
from procgen.databases.status import status as read_status
from procgen.migrations.facades import model_states
from procgen.migrations.header import Kind
from procgen.migrations.plan import Entry, Plan, State
from procgen.verify import case_gate

APPLY_EXAMPLE = "Example: procgen apply --env prod"
STATUS_EXAMPLE = "Example: procgen status --env prod --json"
ROLLBACK_EXAMPLE = "Example: procgen rollback --env prod --steps 1"

UpTo = Annotated[
    str | None,
    typer.Option("--to", metavar="ID", help="The last migration to apply: 0007 or its full name."),
]
OutOfOrder = Annotated[
    bool, typer.Option("--out-of-order", help="Also apply what later migrations have overtaken.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be applied; run nothing.")]
BackTo = Annotated[
    str | None,
    typer.Option("--to", metavar="ID", help="The last migration to keep; 0 keeps none."),
]
Steps = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="How many to undo, newest first.")
]


def apply(  # noqa: PLR0913 - an option is a parameter
    *,
    url: Url = None,
    env: Environment = None,
    to: UpTo = None,
    dry_run: DryRun = False,
    allow_drift: AllowDrift = False,
    allow_stale: AllowStale = False,
    out_of_order: OutOfOrder = False,
    min_coverage: MinCoverage = 100.0,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Apply what is pending: all of it, certified and recorded, or nothing.

    It runs in one transaction, under a lock. Each new version must answer as Python did.
    """
    project, database_url = choose_database(folder, url, env)
    allowed = Allowed(drift=allow_drift, out_of_order=out_of_order, stale=allow_stale)
    with working("applying"), open_database(database_url) as database:
        report = apply_migrations(
            project,
            database,
            to=to,
            dry_run=dry_run,
            gate=case_gate(project, min_coverage / 100),
            allowed=allowed,
        )
    if as_json:
        say_json(_as_json(report))
        return
    if not report.steps:
        say("nothing is pending")
        return
    say_columns([row for step in report.steps for row in _step_rows(step, dry_run=dry_run)])
    say("nothing was run" if dry_run else "  committed")
    _say_fixes(report)


def status(
    *,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Show each migration's state. The exit code is 1 where something is not applied as it is."""
    project, database_url = choose_database(folder, url, env)
    with open_database(database_url, read_only=True) as database:
        plan = read_status(project, database)
        certificates = read_certificates(database)
    if as_json:
        say_json(
            [_entry_as_json(entry, plan, certificates.get(entry.id)) for entry in plan.entries]
        )
    elif plan.entries:
        cells = [_cells(entry, plan, certificates.get(entry.id)) for entry in plan.entries]
        say_columns(cells, STYLES)
    else:
        say("there are no migrations")
    if any(entry.state is not State.APPLIED for entry in plan.entries):
        raise typer.Exit(1)


def rollback(  # noqa: PLR0913 - an option is a parameter
    *,
    to: BackTo = None,
    steps: Steps = None,
    allow_drift: AllowDrift = False,
    allow_stale: AllowStale = False,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Undo migrations, newest first, with the down scripts that the database recorded."""
    if (to is None) == (steps is None):
        raise typer.BadParameter("give either --to, the last migration to keep, or --steps")
    project, database_url = choose_database(folder, url, env)
    allowed = Allowed(drift=allow_drift, stale=allow_stale)
    with working("rolling back"), open_database(database_url) as database:
        report = roll_back(database, to=to, steps=steps, schema=project.schema, allowed=allowed)
    if as_json:
        say_json(_as_json(report))
        return
    say_columns([("  " + step.id, _done(step, UNDONE)) for step in report.steps])
    say("  committed" if report.steps else "nothing was rolled back")
    _say_fixes(report)


DONE = {"create": "created", "promote": "moved", "attach": "attached"}
UNDONE = {"create": "removed", "promote": "moved back", "retire": "created", "attach": "removed"}
OWN = frozenset({"init", "serving"})
"""Slugs of the migrations that make procgen's own tables."""
NAMED = re.compile(r"^(table )?[a-z]+ | on .*$")
STYLES: dict[str, str] = {
    State.APPLIED: "green",
    State.PENDING: "yellow",
    State.EDITED: "bold red",
    State.UNKNOWN: "bold red",
    State.OUT_OF_ORDER: "bold red",
}


def _step_rows(step: Step, *, dry_run: bool) -> list[tuple[str, ...]]:
    """What a migration did, or would do, and below it how it was certified."""
    if dry_run:
        return [("  " + step.id, State.PENDING, "")]
    rows: list[tuple[str, ...]] = [("  " + step.id, _done(step, DONE), f"{step.ms / 1000:.1f} s")]
    if step.certificate is not None:
        rows.append(("", certified(step.certificate), ""))
    return rows


def _done(step: Step, verbs: dict[str, str]) -> str:
    """What was done to which objects."""
    if not step.objects:
        is_own = step.id.partition("_")[2] in OWN
        return "procgen's own tables" if is_own else "no routine changed"
    gone = all(found.gone for found in step.objects)
    verb = "removed" if gone else verbs.get(step.kind, "changed")
    return f"{verb} {_names(step)}"


def _say_fixes(report: Report) -> None:
    """What the user has to run himself, because stored answers are of another version."""
    fixes = [fix for step in report.steps for fix in step.fixes]
    if fixes:
        say("Stored answers are stale until you run:")
    for fix in fixes:
        say(f"  {fix};")


def _names(step: Step) -> str:
    """The objects by name alone; types make lines of a hundred arguments."""
    names = [NAMED.sub("", found.identity).partition("(")[0] for found in step.objects]
    return ", ".join(dict.fromkeys(names))


def _model_state(entry: Entry, plan: Plan) -> str:
    """What the version of a create migration is in this database: champion, shadow, ..."""
    applied = [one.migration for one in plan.entries if one.state is State.APPLIED]
    states = model_states(one for one in applied if one is not None)
    made = entry.migration is not None and entry.migration.kind is Kind.CREATE
    version = entry.migration.header.model if made and entry.migration else None
    return states.get(version, "") if version is not None else ""


def _cells(entry: Entry, plan: Plan, certificate: Certificate | None) -> tuple[str, ...]:
    event = entry.event
    when = f"{event.applied_at:%Y-%m-%d} by {event.by_role}" if event and event.applied_at else ""
    state = _model_state(entry, plan)
    shown = "" if state == "created" else state
    return (
        "  " + entry.id,
        entry.state,
        when,
        shown,
        certified(certificate) if certificate else "",
    )


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
                "fixes": list(step.fixes),
            }
            for step in report.steps
        ],
    }


def _entry_as_json(entry: Entry, plan: Plan, certificate: Certificate | None) -> dict[str, object]:
    event = entry.event
    return {
        "id": entry.id,
        "state": entry.state.value,
        "applied_at": event.applied_at.isoformat() if event and event.applied_at else None,
        "applied_by": event.by_role if event else None,
        "model_state": _model_state(entry, plan) or None,
        "certificate": certificate,
    }
