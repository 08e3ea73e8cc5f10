"""`procgen demo`: the whole way once, by the very commands that a user would type."""

from __future__ import annotations

import importlib
from contextlib import nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from procgen.cli.compilation import compile_command
from procgen.cli.compiling import Reading, find_version, read_saved
from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.databases import apply
from procgen.cli.options import AsJson, Url
from procgen.cli.projects import init
from procgen.cli.scoring import (
    TABLE,
    load_patients,
    run_command,
    scored_patients,
    scoring_query,
    summary_query,
)
from procgen.compiler import compile_source
from procgen.databases.opening import engine_of, open_database
from procgen.errors import ProcgenError, ProjectError
from procgen.migrations.project import load_project
from procgen.verify import verify

if TYPE_CHECKING:
    from procgen.databases.database import Database
    from procgen.verify import ParityReport

EXAMPLE = "Example: procgen demo --dir my-demo"
NAME = "progression"
MODEL = "patients.skops"
SAMPLE = "patients.parquet"

DemoFolder = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="Work here; a second run goes on from there.")
]


def demo(
    *, folder: DemoFolder = Path("procgen-demo"), url: Url = None, as_json: AsJson = False
) -> None:
    """Train a model, compile it, apply it, score from SQL, and prove the scores equal to Python's.

    It needs no network and no server: the database is a DuckDB file in the folder, unless --url
    names another.
    """
    with redirect_stdout(StringIO()) if as_json else nullcontext():
        outcome = _show(folder, url)
    if as_json:
        say_json(outcome)
    if outcome["mismatches"]:
        raise typer.Exit(1)


def _show(folder: Path, url: str | None) -> dict[str, Any]:
    _refuse_other_content(folder)
    model, sample = folder / MODEL, folder / SAMPLE
    _say_step("# Train on the diabetes patients that ship with scikit-learn")
    _train(model, sample)
    _say_step(f"$ procgen init {folder}")
    init(folder=folder)
    _say_step(f"$ procgen compile {model} --name {NAME} --sample {sample} -C {folder}")
    compile_command(model=model, name=NAME, sample=sample, folder=folder)
    _say_step(f"$ procgen apply -C {folder}" + (" --url ..." if url else ""))
    project = load_project(folder)
    database_url = url or project.url()
    apply(url=database_url, folder=folder)
    reading = read_saved(model, inputs=None, sample=sample, trust=False)
    version = find_version(project, NAME, reading.source).number
    with open_database(database_url) as database:
        _score(database, reading, version)
    report = _compare(reading, version, database_url)
    _say_farewell(folder, version, database_url)
    return {
        "folder": str(folder),
        "version": version,
        "rows": report.rows,
        "mismatches": len(report.mismatches),
    }


def _score(database: Database, reading: Reading, version: int) -> None:
    _say_step("# Load the patients into a table, and score it from SQL")
    made = load_patients(database, reading.source.program.inputs, reading.rows)
    say(f"  {TABLE} " + (f"has {len(reading.rows)} rows" if made else "is there already"))
    say(indent(scoring_query(version), "  "), style="cyan")
    say("")
    say_columns([("", *row) for row in scored_patients(database, version)])


def _compare(reading: Reading, version: int, url: str) -> ParityReport:
    _say_step("# Ask Python and the database about rows at every decision, and compare the bits")
    artifact = compile_source(reading.source, name=NAME, target=engine_of(url), version=version)
    with working("comparing"):
        report = verify(artifact, reading.model, url=url)
    say(str(report), style="bold green" if report.ok else "bold red")
    return report


def _say_farewell(folder: Path, version: int, url: str) -> None:
    script = folder / "try.sql"
    script.write_text(f"{summary_query(version)};\n", encoding="utf-8")
    _say_step(f"# Try it yourself: {script}")
    say(indent(summary_query(version), "  "), style="cyan")
    say("")
    say(f"  {run_command(script, url)}")


def _refuse_other_content(folder: Path) -> None:
    """An earlier demo has left its model; anything else in the folder is not ours to write into."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MODEL).exists():
        raise ProjectError(
            f"{folder} holds other files", hint="choose an empty or new folder with --dir"
        )


def _train(model: Path, sample: Path) -> None:
    """Train and save as a user would; scikit-learn is asked for only here."""
    try:
        patients = importlib.import_module("procgen.cli.patients")
    except ImportError as error:
        raise ProcgenError(
            f"the demo needs {error.name}, which is not installed",
            hint="run: pip install 'procgen[duckdb,sklearn]' pandas",
        ) from error
    model.parent.mkdir(parents=True, exist_ok=True)
    with working("training"):
        trained = patients.save(model, sample)
    say(f"  {trained}")


def _say_step(title: str) -> None:
    say("")
    say(title, style="bold")
