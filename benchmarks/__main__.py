"""`python -m benchmarks`: does procgen keep what it promises, here, on this machine?

python -m benchmarks                                  everything, about a quarter of an hour
python -m benchmarks --quick                          a look, two minutes
python -m benchmarks --only batch,rows --models lgb100,rf
python -m benchmarks --from run.json --markdown docs/performance.md
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks import (
    batch,
    compile,  # noqa: A004 - the section is called what it measures
    ingest,
    planning,
    plots,
    scaling,
    showing,
    single_rows,
    threads,
)
from benchmarks.bench import Bench, Options, bench
from benchmarks.models import MAKERS, QUICK, STANDARD
from benchmarks.results import Results, machine, read, write
from benchmarks.servers import Server
from benchmarks.ways import Figure, reason

Section = Callable[[Bench], Iterator[Figure]]
SECTIONS: dict[str, Section] = {
    "compile": compile.results,
    "batch": batch.results,
    "rows": single_rows.results,
    "planning": planning.results,
    "memory": batch.results,
    "scaling": scaling.results,
    "threads": threads.results,
    "ingest": ingest.results,
}
QUICK_ROWS = 30_000
WIDTH = 160


def main(  # noqa: PLR0913, PLR0917 - options of a command
    only: Annotated[str, typer.Option(help="Sections, with commas between.")] = "",
    models: Annotated[str, typer.Option(help=f"Of {', '.join(MAKERS)}.")] = "",
    rows: Annotated[int, typer.Option(help="For DuckDB; PostgreSQL: a third.")] = 600_000,
    rounds: Annotated[int, typer.Option(help="Of each race.")] = 3,
    limit: Annotated[float, typer.Option(help="Seconds of processor for a step.")] = 8.0,
    most_rows: Annotated[int, typer.Option(help="Where scaling ends; 10000000 is slow.")] = 10**6,
    quick: Annotated[bool, typer.Option("--quick", help="Two minutes, and rough.")] = False,  # noqa: FBT002 - a flag of the command line
    source: Annotated[Path | None, typer.Option("--from", help="Show an earlier run.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one page here.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write drawings into this folder.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write docs/performance.md here.")] = None,
) -> None:
    """Measure procgen against what people do without it; exit code 1 where a score is wrong."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    if source is not None:
        results = read(source)
    else:
        sections = _chosen(only, SECTIONS, "section") or tuple(SECTIONS)
        keys = _chosen(models, MAKERS, "model") or (QUICK if quick else STANDARD)
        options = Options(keys, rows, rounds, limit, most_rows)
        if quick:
            options = Options(keys, min(rows, QUICK_ROWS), 1, limit, 100_000, quick=True)
        results = measured(options, sections, Console(stderr=True), json)
    showing.show(results, console)
    if html:
        html.write_text(showing.as_html(results))
    if markdown:
        markdown.write_text(showing.as_markdown(results))
    if png:
        plots.write_png(results, png)
    raise typer.Exit(1 if results.wrong_of_ours else 0)


def _chosen(text: str, known: dict[str, object], what: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name} is no {what}; there are {', '.join(known)}")
    return names


def measured(
    options: Options, sections: tuple[str, ...], console: Console, keep: Path | None = None
) -> Results:
    """Run the sections, one after the other; one that fails altogether is a figure as well.

    What is measured is written to `keep` after each section, so that an end half-way loses little.
    """
    results = Results(machine(), asdict(options), 0.0, ())
    began, load = time.perf_counter(), os.getloadavg()[0]
    with _progress(console) as progress:
        task = progress.add_task("", total=len(sections), now="")
        with bench(options, lambda text: progress.update(task, now=text)) as run:
            for name in sections:
                progress.update(task, description=name)
                if not console.is_terminal:
                    console.print(f"{time.perf_counter() - began:6.0f} s  {name}")
                if not (name == "memory" and "batch" in sections):  # it comes with the batches
                    figures = (*results.figures, *_section(name, run))
                    about = machine(load, map(_version, run.running.get("servers", ())))
                    seconds = time.perf_counter() - began
                    results = Results(about, asdict(options), seconds, figures)
                    if keep:
                        write(results, keep)
                progress.advance(task)
    return results


def _section(name: str, run: Bench) -> Iterator[Figure]:
    try:
        yield from SECTIONS[name](run)
    except Exception as error:  # noqa: BLE001 - the other sections go on, and the report says it
        yield Figure(name, "all", "", "", "", failed=reason(error))


def _version(server: Server) -> str:
    with psycopg.connect(server.url) as connection:
        (found,) = connection.execute("SHOW server_version").fetchone() or ("",)
    return f"PostgreSQL {found.split()[0]}{', PL/Python' if server.has_python else ''}"


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:9}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


if __name__ == "__main__":
    typer.run(main)
