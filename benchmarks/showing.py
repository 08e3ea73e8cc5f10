"""A run's tables in the terminal, as one HTML page, and as the Markdown of docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import plots
from benchmarks.layout import (
    FASTER,
    TIMES,
    Kind,
    Plan,
    Sheet,
    compiling,
    exactness,
    failures,
    growing,
    ingest,
    memory,
    threads,
)
from benchmarks.promises import targets, verdicts
from benchmarks.results import Results
from benchmarks.targets import Verdict
from procgen.artifacts.templates import template_folder

STYLES = {Kind.PLAIN: "", Kind.GOOD: "green", Kind.BAD: "bold red", Kind.FAINT: "dim"}


PLANS = (
    Plan("batch", "A table into a table", "microseconds of processor a row", 1e6, FASTER),
    Plan("rows", "One row a statement", "microseconds of processor", 1e6, TIMES),
    Plan("planning", "Planning", "milliseconds of processor to EXPLAIN", 1e3),
)
ON_THE_WALL = (
    Plan(
        "batch",
        "A table into a table, on the wall",
        "microseconds a row",
        1e6,
        FASTER,
        on_the_wall=True,
    ),
    Plan("rows", "One row a statement, on the wall", "microseconds", 1e6, TIMES, on_the_wall=True),
)


def sheets(results: Results) -> Iterator[Sheet]:
    """Every table of a run that has rows."""
    plans = {plan.section: plan.sheets(results) for plan in PLANS}
    made = (
        targets(results),
        *plans["batch"],
        exactness(results),
        *plans["rows"],
        *plans["planning"],
        compiling(results),
        memory(results),
        *growing(results),
        threads(results),
        *ingest(results),
        *(sheet for plan in ON_THE_WALL for sheet in plan.sheets(results)),
        failures(results),
    )
    return (sheet for sheet in made if sheet.rows)


def show(results: Results, console: Console) -> None:
    """Print every table."""
    for sheet in sheets(results):
        console.print(f"\n[bold]{sheet.title}[/]\n[dim]{sheet.lead}[/]")
        table = Table()
        for place, column in enumerate(sheet.columns):
            is_text = place == 0 or sheet.is_text
            table.add_column(column, justify="left" if is_text else "right", overflow="fold")
        for row in sheet.rows:
            table.add_row(*(Text(cell.text, STYLES[cell.kind]) for cell in row))
        console.print(table)


def as_html(results: Results) -> str:
    """One page that asks nothing of the network."""
    drawn = {name: Markup(text) for name, text in plots.as_svg(results).items()}
    return _render("report.html.j2", results, plots=drawn)


def as_markdown(results: Results) -> str:
    """docs/performance.md: the tables of this run, and what they mean."""
    text = _render("performance.md.j2", results)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _render(name: str, results: Results, **more: object) -> str:
    made = {sheet.name: sheet for sheet in sheets(results)}
    return (
        _environment()
        .get_template(f"benchmarks/{name}")
        .render(results=results, sheets=made, verdicts=verdicts(results), Verdict=Verdict, **more)
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(str(template_folder()))),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and ".html" in name,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["piped"] = piped
    return environment


def piped(sheet: Sheet) -> str:
    """A table as Markdown has it."""
    return "\n".join(_lines(sheet))


def _lines(sheet: Sheet) -> Iterator[str]:
    yield "| " + " | ".join(sheet.columns) + " |"
    yield "|" + "---|" * len(sheet.columns)
    for row in sheet.rows:
        yield "| " + " | ".join(cell.text.replace("|", "\\|") for cell in row) + " |"
