"""`procgen drift`: what in a database is not as git and history say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.targets import choose_database
from procgen.databases.drift import Against, Cause, Finding, find_drift
from procgen.databases.opening import open_database

EXAMPLE = "Example: procgen drift --env prod"
STYLES = {cause.value: "bold red" for cause in Cause} | {Cause.UNMANAGED.value: "yellow"}


def drift(
    *,
    url: Url = None,
    env: Environment = None,
    against: Annotated[
        Against,
        typer.Option(
            "--against",
            help="history: what was recorded. files: also run each file where nothing is kept.",
        ),
    ] = Against.HISTORY,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say which routines differ from git: body, attributes, owner, grants. Nothing is changed.

    The exit code is 1 where something has drifted. A routine that no migration made is only named.
    """
    project, database_url = choose_database(folder, url, env)
    with working("comparing"), open_database(database_url, read_only=True) as database:
        found = find_drift(project, database, against=against)
    wrong = [one for one in found if one.is_drift]
    if as_json:
        say_json([_as_json(one) for one in found])
    else:
        _report(found, wrong)
    if wrong:
        raise typer.Exit(1)


def _report(found: Sequence[Finding], wrong: Sequence[Finding]) -> None:
    for one in found:
        detail = "; ".join(one.details) or (f"made by {one.migration}" if one.migration else "")
        place = one.difference.line if one.difference else None
        where = f" at line {place}" if place else ""
        detail = detail.replace(".up.sql", f".up.sql{where}:", 1) if one.difference else detail
        say_columns([("  " + short(one.name), one.cause.value, detail)], STYLES)
        if one.difference is not None:
            say(f"      git       {one.difference.git}")
            say(f"      database  {one.difference.database}")
    if not wrong:
        say("no drift")
        return
    noun = "thing" if len(wrong) == 1 else "things"
    say(f"{len(wrong)} {noun} drifted.{_advice(wrong)}")


def _advice(wrong: Sequence[Finding]) -> str:
    ids = [one.migration for one in wrong if one.cause in (Cause.DRIFTED, Cause.MISSING)]
    numbers = list(dict.fromkeys(name.partition("_")[0] for name in ids if name))
    return "".join(f"   procgen repair {number} puts git's version back." for number in numbers)


def short(identity: str) -> str:
    """An object's name; types make lines of a hundred arguments."""
    name, _, types = identity.partition("(")
    first = types.partition(",")[0].rstrip(")")
    more = ", ...)" if "," in types else ")"
    kind, _, rest = name.partition(" ")
    shown = rest if kind in ("trigger", "column", "schedule") else name.split(" ")[-1]
    return shown + (f"({first}{more}" if types else "")


def _as_json(one: Finding) -> dict[str, object]:
    return {
        "name": one.name,
        "cause": one.cause.value,
        "migration": one.migration,
        "details": list(one.details),
        "line": one.difference.line if one.difference else None,
        "git": one.difference.git if one.difference else None,
        "database": one.difference.database if one.difference else None,
    }
