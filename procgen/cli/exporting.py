"""`procgen export`: the migrations in the layout of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_json, working
from procgen.cli.options import AsJson, Folder
from procgen.cli.targets import OneEngine, check_engine
from procgen.migrations.exporting import LAYOUTS, export_files
from procgen.migrations.project import Project, load_project
from procgen.migrations.writing import write_files
from procgen.verify import pgtap

NAMES = (*LAYOUTS, pgtap.LAYOUT)
EXAMPLE = "Example: procgen export --layout dbmate ../service"


def export(
    *,
    into: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that gets the files.")],
    layout: Annotated[
        str, typer.Option("--layout", metavar="|".join(NAMES), help="The tool that will run it.")
    ],
    target: OneEngine = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the same SQL for another tool to run. PROCGEN.md in DIR says what that tool lacks.

    pgtap writes the cases instead, as tests that pg_prove runs.

    Files of an earlier export are replaced; others in DIR are left alone.
    """
    check_engine(target)
    if layout not in NAMES:
        raise typer.BadParameter(f"--layout is one of {', '.join(NAMES)}, not {layout!r}")
    project = load_project(folder)
    if layout == pgtap.LAYOUT:
        _export_tests(project, into, target, as_json=as_json)
        return
    engine = target or _engine(project.engines, LAYOUTS[layout].engines)
    written = write_files(export_files(project, engine, layout, into))
    if as_json:
        say_json({"layout": layout, "target": engine, "written": [str(path) for path in written]})
        return
    say(f"{layout}, for {engine}: {len(written)} files in {into}")
    say(f"Run it with: {LAYOUTS[layout].command}   (see {into / 'PROCGEN.md'})")


def _export_tests(project: Project, into: Path, target: str | None, *, as_json: bool) -> None:
    """Tests for pg_prove: a file for each version, with its cases."""
    if target not in (None, pgtap.ENGINE):
        raise typer.BadParameter(f"pgTAP is for {pgtap.ENGINE}, not {target}")
    with working("writing tests"):
        written = write_files(pgtap.pgtap_files(project, into))
    if as_json:
        names = [str(path) for path in written]
        say_json({"layout": pgtap.LAYOUT, "target": pgtap.ENGINE, "written": names})
        return
    say(f"{pgtap.LAYOUT}: {len(written)} files in {into}")
    say(f"Run it with: {pgtap.COMMAND}")


def _engine(engines: tuple[str, ...], reached: tuple[str, ...]) -> str:
    """The first engine of the project that the tool reaches."""
    return next((engine for engine in reached if engine in engines), engines[0])
