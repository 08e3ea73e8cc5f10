"""Figures as tables, the same for the terminal, for HTML and for Markdown."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from benchmarks.exactness import KINDS
from benchmarks.results import Results
from benchmarks.ways import Figure

Item = TypeVar("Item", bound=Hashable)


class Kind(StrEnum):
    """How a cell is shown."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    FAINT = "faint"


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and how it is shown."""

    text: str
    kind: Kind = Kind.PLAIN


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the first column is text, the others are figures unless `is_text`."""

    name: str
    title: str
    lead: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_text: bool = False


Show = Callable[[float | None], str]


def FASTER(ratio: float | None) -> str:  # noqa: N802 - a constant that is called
    """How many times as fast as what it is compared with."""
    return f" ({ratio:.2f})" if ratio else ""


def TIMES(ratio: float | None) -> str:  # noqa: N802 - the same
    """How many times the cost of what it is compared with."""
    return f" ({1 / ratio:.1f}x)" if ratio else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a section's figures are shown, a table for each engine."""

    section: str
    title: str
    unit: str
    scale: float
    ratio: Show = lambda _: ""
    on_the_wall: bool = False

    def sheets(self, results: Results) -> Iterator[Sheet]:
        """Models down, ways across."""
        figures = results.of(self.section)
        for engine in _unique(one.engine for one in figures):
            own = [one for one in figures if one.engine == engine]
            ways = _unique(one.way for one in own)
            found = {(one.model, one.way): one for one in own}
            most = max(one.units for one in own) if self.section == "batch" else 0
            rows = tuple(
                (Cell(model), *(self._cell(found.get((model, way)), most) for way in ways))
                for model in _unique(one.model for one in own)
            )
            name = f"{self.section}-{engine.replace(' ', '-')}{'-wall' * self.on_the_wall}"
            lead = f"{self.unit}{self._against(own)}"
            yield Sheet(name, f"{self.title}, {engine}", lead, ("model", *ways), rows)

    def _against(self, figures: list[Figure]) -> str:
        base = next((one.against for one in figures if one.against), None)
        meaning = "times the cost of" if self.ratio is TIMES else "how many times as fast as"
        return f"; in brackets {meaning}: {base}" if base else ""

    def _cell(self, figure: Figure | None, most: int) -> Cell:
        if figure is None or not self.on_the_wall:
            return cost_cell(figure, self.scale, self.ratio, most)
        turned = replace(figure, cpu=figure.wall, ratio=figure.wall_ratio)
        return cost_cell(turned, self.scale, self.ratio, most)


NO_SCORES = "no scores"
"""How the names of inserts without a trigger begin."""


def ingest(results: Results) -> Iterator[Sheet]:
    """A table for each engine: models and how their rows come in down, triggers across."""
    figures = results.of("ingest")
    for engine in _unique(one.engine for one in figures):
        cells: dict[tuple[str, str], dict[str, Figure]] = {}
        for one in figures:
            if one.engine == engine:
                ending = (one.against or one.way).removeprefix(NO_SCORES)
                way_in = ending.removeprefix(", ") or "one by one"
                row = cells.setdefault((one.model, way_in), {})
                row[one.way.removesuffix(ending) if ending else one.way] = one
        ways = _unique(way for row in cells.values() for way in row)
        rows = tuple(
            (
                Cell(f"{model}, {way_in}"),
                *(cost_cell(row.get(way), 1e6, TIMES) for way in ways),
            )
            for (model, way_in), row in cells.items()
        )
        lead = f"microseconds of processor a row; in brackets times the cost of {NO_SCORES}"
        name = f"ingest-{engine.replace(' ', '-')}"
        yield Sheet(name, f"Scores on ingest, {engine}", lead, ("rows", *ways), rows)


def cost_cell(figure: Figure | None, scale: float, ratio: Show, most: int = 0) -> Cell:
    """A cost and its ratio; red where scores are wrong."""
    if figure is None:
        return EMPTY
    if figure.failed is not None or figure.cpu is None:
        return Cell("failed", Kind.FAINT)
    fewer = f", {figure.units:,} rows" if figure.units < most else ""
    kind = Kind.BAD if figure.wrong and any(figure.wrong.values()) else Kind.PLAIN
    return Cell(f"{figure.cpu * scale:,.2f}{ratio(figure.ratio)}{fewer}", kind)


def exactness(results: Results) -> Sheet:
    """How many rows of each kind have a wrong score."""
    figures = [one for one in results.figures if one.wrong is not None]
    models = _unique(one.model for one in figures)
    rows = tuple(
        (Cell(f"{way}, {engine}"), *(_wrong(figures, engine, way, model) for model in models))
        for engine, way in _unique((one.engine, one.way) for one in figures)
    )
    lead = (
        f"Wrong scores among rows of each kind: {', '.join(KINDS)}; in brackets how far the "
        "farthest number is from the right one, as a share of that."
    )
    return Sheet("exactness", "Wrong scores", lead, ("way", *models), rows)


def _wrong(figures: Sequence[Figure], engine: str, way: str, model: str) -> Cell:
    for one in figures:
        if (one.engine, one.way, one.model) == (engine, way, model) and one.wrong is not None:
            text = " / ".join(f"{one.wrong[kind]:,}" for kind in KINDS)
            text += f" ({one.apart:.0e})" if one.apart else ""
            return Cell(text, Kind.BAD if any(one.wrong.values()) else Kind.FAINT)
    return EMPTY


def compiling(results: Results) -> Sheet:
    """Seconds, size and memory."""
    rows = tuple(
        (
            Cell(one.model),
            Cell(f"{one.way}, {one.engine}"),
            Cell(f"{one.cpu:.2f}"),
            Cell(f"{(one.size or 0) / 1e6:.2f}"),
            Cell(f"{(one.memory or 0) / 2**20:,.0f}"),
        )
        for one in results.of("compile")
        if one.cpu is not None
    )
    columns = ("model", "text", "seconds", "MB of text", "MB of memory")
    lead = "From the fitted model to every script; of rivals, to their SELECT."
    return Sheet("compile", "Compiling", lead, columns, rows)


def memory(results: Results) -> Sheet:
    """The most that a way needed, while it scored the table."""
    figures = [one for one in results.of("batch") if one.memory is not None]
    models = _unique(one.model for one in figures)
    found = {(one.engine, one.way, one.model): one.memory or 0 for one in figures}
    rows = tuple(
        (
            Cell(f"{way}, {engine}"),
            *(
                Cell(f"{found[engine, way, model] / 2**20:,.0f}")
                if (engine, way, model) in found
                else EMPTY
                for model in models
            ),
        )
        for engine, way in _unique((one.engine, one.way) for one in figures)
    )
    lead = (
        "Megabytes: all of the server's session or of DuckDB's process; of what runs in the "
        "client's process, what that grew by."
    )
    return Sheet("memory", "Memory", lead, ("way", *models), rows)


def growing(results: Results) -> Iterator[Sheet]:
    """Microseconds a row by how many rows or trees there are."""
    for section, title in (("scaling rows", "rows"), ("scaling trees", "trees of 31 leaves")):
        figures = results.of(section)
        sizes = _unique(one.size or 0 for one in figures)
        is_rows = section == "scaling rows"
        keys = _unique((one.model if is_rows else "", one.engine, one.way) for one in figures)
        rows = tuple(
            (
                Cell(", ".join(filter(None, key))),
                *(_sized(figures, key, size, is_rows=is_rows) for size in sizes),
            )
            for key in keys
        )
        columns = ("way", *(f"{size:,}" for size in sizes))
        lead = "microseconds of processor a row"
        yield Sheet(section.replace(" ", "-"), f"By number of {title}", lead, columns, rows)


def _sized(
    figures: Sequence[Figure], key: tuple[str, str, str], size: int, *, is_rows: bool
) -> Cell:
    for one in figures:
        own = (one.model if is_rows else "", one.engine, one.way)
        if own == key and one.size == size:
            return cost_cell(one, 1e6, FASTER, size if is_rows else 0)
    return EMPTY


def threads(results: Results) -> Sheet:
    """The clock on the wall with one thread and with two."""
    figures = [one for one in results.of("threads") if one.wall is not None]
    found = {(one.model, one.engine, one.way, one.size): one.wall or 0 for one in figures}
    rows = []
    for model, engine, way in _unique((o.model, o.engine, o.way) for o in figures):
        one, two = found.get((model, engine, way, 1)), found.get((model, engine, way, 2))
        if one and two:
            times = Cell(f"{one / two:.2f}")
            cells = (Cell(f"{one * 1e6:.2f}"), Cell(f"{two * 1e6:.2f}"), times)
            rows.append((Cell(model), Cell(f"{way}, {engine}"), *cells))
    columns = ("model", "way", "one thread", "two threads", "times as fast")
    lead = "Microseconds a row on the wall: these figures need an idle machine."
    return Sheet("threads", "Threads", lead, columns, tuple(rows))


def failures(results: Results) -> Sheet:
    """What did not run, with its own words; the same words once."""
    found: dict[tuple[str, str], list[Figure]] = {}
    for one in results.figures:
        if text := one.failed or (one.note and f"with missing values: {one.note}"):
            found.setdefault((one.way, text.partition(" CONTEXT:")[0]), []).append(one)
    rows = tuple(
        (
            Cell(way),
            Cell(_listed(one.model for one in own)),
            Cell(_listed(f"{one.section} in {one.engine}" for one in own)),
            Cell(text),
        )
        for (way, text), own in found.items()
    )
    columns = ("way", "model", "where", "why")
    lead = "A way that fails is left out of the other tables, or shown as failed."
    return Sheet("failures", "What failed", lead, columns, rows, is_text=True)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_unique(names))


def _unique(values: Iterable[Item]) -> list[Item]:
    return list(dict.fromkeys(values))
