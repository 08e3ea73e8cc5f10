"""`procgen history`: what happened to a database, when, by whom, from which commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_columns, say_json
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.targets import choose_database
from procgen.databases.history import read_events
from procgen.databases.opening import open_database
from procgen.migrations.timeline import Moment, timeline

EXAMPLE = "Example: procgen history churn --env prod"
COMMIT = 10
NOTE = 80


def history(
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only this model and its facades.")
    ] = None,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """List every event that a database recorded, oldest first; none is ever changed."""
    _, database_url = choose_database(folder, url, env)
    with open_database(database_url, read_only=True) as database, database.rehearsal():
        moments = list(timeline(read_events(database), name))
    if as_json:
        say_json([_as_json(moment) for moment in moments])
    elif moments:
        say_columns([_cells(moment) for moment in moments], {"fail": "bold red"})
    else:
        say("there is no history" + (f" of {name}" if name else ""))


def _cells(moment: Moment) -> tuple[str, ...]:
    event = moment.event
    when = f"{event.applied_at:%Y-%m-%d %H:%M:%S}" if event.applied_at else ""
    commit = (event.git_commit or "no commit")[:COMMIT]
    note = (event.note or "").partition("\n")[0][:NOTE]
    return (
        "  " + when,
        event.event.value,
        event.migration,
        f"by {event.by_role}",
        commit,
        moment.answers or note,
    )


def _as_json(moment: Moment) -> dict[str, object]:
    event = moment.event
    return {
        "seq": event.seq,
        "event": event.event.value,
        "migration": event.migration,
        "kind": event.kind,
        "applied_at": event.applied_at.isoformat() if event.applied_at else None,
        "by": event.by_role,
        "commit": event.git_commit,
        "engine": event.engine,
        "tool": event.tool,
        "up_sha256": event.up_sha256,
        "objects": [found.identity for found in event.objects],
        "answers": moment.answers,
        "ms": event.ms,
        "note": event.note,
    }
