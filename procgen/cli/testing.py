"""`procgen test`: a version's own cases, asked of the routines that users call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say_json, working
from procgen.cli.options import Folder
from procgen.cli.suites import say_report
from procgen.cli.targets import MinCoverage, parse_version
from procgen.databases.opening import open_database
from procgen.migrations.project import Project, load_project
from procgen.verify.formats import as_json, as_junit
from procgen.verify.html import as_html
from procgen.verify.outcome import EngineResult, SuiteReport
from procgen.verify.testing import (
    Suite,
    ask_attached,
    ask_database,
    ask_mutants,
    find_live,
)

EXAMPLE = "Example: procgen test churn --env prod --html churn.html"
STDOUT = "-"

Urls = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="URL", help="A database; give it again for another one."),
]
Environments = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME", help="A database that procgen.toml names; likewise."),
]
Mutate = Annotated[
    bool, typer.Option("--mutate", help="Also break the routines, and see if the cases notice.")
]


def run_suite(  # noqa: PLR0913 - an option is a parameter
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="v3", help="The champion by default, or the newest."),
    ] = None,
    url: Urls = None,
    env: Environments = None,
    min_coverage: MinCoverage = 100.0,
    mutants: Mutate = False,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="For a program; - is stdout.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="For CI systems.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="One page for people.")
    ] = None,
    folder: Folder = Path(),
) -> None:
    """Ask a version's routines, its facades, and what is attached, about every stored case.

    All of it is rolled back. It needs the files of models/, not the model or its library. The exit
    code is 1 where an answer differs, a leaf is not reached, or a mutant lives.
    """
    number = None if version is None else parse_version(version)
    project, urls = _choose_databases(folder, url or [], env or [])
    with working(f"testing {name}"):
        report = _run(project, urls, (name, number), min_coverage / 100, mutants=mutants)
    if junit is not None:
        _save(junit, as_junit(report))
    if html is not None:
        _save(html, as_html(report))
    if json_file not in (None, STDOUT):
        _save(Path(json_file), json.dumps(as_json(report), indent=2, ensure_ascii=False) + "\n")
    if json_file == STDOUT:
        say_json(as_json(report))
    else:
        say_report(report)
    if not report.ok:
        raise typer.Exit(1)


def _choose_databases(
    folder: Path, urls: Sequence[str], names: Sequence[str]
) -> tuple[Project, list[str]]:
    """The project and every URL that is meant, in the order in which they were given."""
    project = load_project(folder)
    found = [*urls, *(project.url(name) for name in names)]
    return project, found or [project.url()]


def _run(
    project: Project,
    urls: Sequence[str],
    wanted: tuple[str, int | None],
    floor: float,
    *,
    mutants: bool,
) -> SuiteReport:
    """Ask each database about one version: the one that the first database answers with."""
    name, number = wanted
    with open_database(urls[0], read_only=True) as database:
        suite = Suite.of(project, find_live(project, database, name, number))
    results: list[EngineResult] = []
    for url in urls:
        # Reading is enough for the cases: a DuckDB file stays open to others.
        with open_database(url, read_only=not mutants) as database:
            result = ask_database(suite, database)
            result = ask_mutants(suite, database, result) if mutants else result
        if result.attached:
            with open_database(url) as database:
                result = ask_attached(suite, database, result)
        results.append(result)
    return suite.report(results, suite.coverage(), floor)


def _save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
