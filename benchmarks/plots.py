"""The figures of a run as drawings: PNG files, and SVG for the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks.models import MAKERS
from benchmarks.results import Results
from benchmarks.targets import TARGETS, Measure
from benchmarks.ways import Figure, Role

COLOURS = {Role.OURS: "#0e7a55", Role.RIVAL: "#945c06", Role.USUAL: "#8592a3"}
ABOUT = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
LINES = ("-", "--", ":", "-.")
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "procgen",
    "font.size": 9,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#aab4c0",
    "axes.labelcolor": "#566273",
    "xtick.color": "#566273",
    "ytick.color": "#566273",
    "grid.color": "#e8ecf1",
    "legend.frameon": False,
}


def as_svg(results: Results) -> dict[str, str]:
    """Each drawing by its name, to stand in a page."""
    found = {}
    for name, drawing in drawings(results):
        text = io.StringIO()
        with mpl.rc_context(STYLE):
            drawing.savefig(text, format="svg", metadata={"Date": None})
        found[name] = ABOUT.sub("", text.getvalue()[text.getvalue().index("<svg") :])
    return found


def write_png(results: Results, folder: Path) -> list[Path]:
    """Each drawing as a file."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, drawing in drawings(results):
        paths.append(folder / f"{name}.png")
        with mpl.rc_context(STYLE):
            drawing.savefig(paths[-1], dpi=130)
    return paths


def drawings(results: Results) -> Iterator[tuple[str, Drawing]]:
    """Everything that there are figures for."""
    with mpl.rc_context(STYLE):
        for section in ("batch", "rows", "planning"):
            for engine in dict.fromkeys(one.engine for one in results.of(section)):
                found = [o for o in results.of(section) if o.engine == engine and o.cpu]
                if found:
                    name = f"{section}-{engine.replace(' ', '-')}"
                    yield name, _bars(found, section, engine)
        for section, label in (("scaling rows", "rows"), ("scaling trees", "trees")):
            found = [o for o in results.of(section) if o.cpu]
            if found:
                yield section.replace(" ", "-"), _curves(found, label)


def _canvas(width: float, height: float) -> tuple[Drawing, Any]:
    drawing = Drawing(figsize=(width, height), layout="constrained")
    return drawing, drawing.subplots()


def _bars(figures: list[Figure], section: str, engine: str) -> Drawing:
    """A group of bars a model, one a way; a line across where a target lies."""
    models = list(dict.fromkeys(one.model for one in figures))
    ways = list(dict.fromkeys((one.way, one.role) for one in figures))
    drawing, axes = _canvas(10.5, 0.62 * len(models) + 0.11 * len(models) * len(ways) + 1.0)
    has_ratio = any(one.ratio for one in figures)
    found = {(one.model, one.way): one for one in figures}
    step = 0.84 / len(ways)
    shades = _shades(ways)
    for place, (way, _) in enumerate(ways):
        shown = [found.get((model, way)) for model in models]
        values = [_height(one, has_ratio=has_ratio) for one in shown]
        at = np.arange(len(models)) + (place - len(ways) / 2 + 0.5) * step
        left = 1.0 if has_ratio else 0.0
        axes.barh(
            at,
            [0.0 if value is None else value - left for value in values],
            left=left,
            height=step * 0.9,
            color=shades[way],
            label=way,
        )
        for y, model, value in zip(at, models, values, strict=True):
            if value is None and has_ratio:
                axes.text(1.0, y, " did not run", va="center", fontsize=7, color="#8592a3")
            for bound in _bounds(section, engine, model, way):
                axes.plot([bound, bound], [y - step / 2, y + step / 2], color="#b42318", lw=2)
    axes.set_yticks(range(len(models)), models)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    base = next((one.against for one in figures if one.against), "")
    if has_ratio:
        axes.axvline(1, color="#17202c", lw=0.8)
        axes.set_xlabel(f"times as fast as: {base}; red: the target")
    else:
        axes.set_xlabel("seconds of processor a statement")
    drawing.legend(loc="outside right upper")
    axes.set_title(f"{section}, {engine}", loc="left", color="#17202c")
    return drawing


def _height(figure: Figure | None, *, has_ratio: bool) -> float | None:
    if figure is None:
        return None
    return (figure.ratio or 1.0) if has_ratio else figure.cpu


def _bounds(section: str, engine: str, model: str, way: str) -> Iterator[float]:
    for target in TARGETS:
        if (
            target.section == section
            and target.measure is Measure.RATIO
            and engine.startswith(target.engine)
            and way in target.ways
            and [MAKERS[key][0] for key in target.models] == [model]
        ):
            yield target.bound


def _shades(ways: list[tuple[str, str]]) -> dict[str, Any]:
    """Procgen's ways are green, rivals brown, clients grey; each a little lighter than the last."""
    shades = {}
    for role, colour in COLOURS.items():
        own = [way for way, its in ways if its == role]
        red, green, blue = mpl.colors.to_rgb(colour)
        for place, way in enumerate(own):
            white = 0.62 * place / max(len(own), 2)
            shades[way] = tuple(one + (1 - one) * white for one in (red, green, blue))
    return shades


def _curves(figures: list[Figure], label: str) -> Drawing:
    """A field for each engine, and for each model where rows grow; a line a way."""
    models = list(dict.fromkeys(o.model for o in figures)) if label == "rows" else [""]
    engines = list(dict.fromkeys(one.engine for one in figures))
    drawing = Drawing(figsize=(10.5, 3.4 * len(models)), layout="constrained")
    fields = drawing.subplots(len(models), len(engines), squeeze=False, sharex=True)
    for down, model in enumerate(models):
        for across, engine in enumerate(engines):
            own = [o for o in figures if o.engine == engine and model in {"", o.model}]
            _lines(fields[down][across], own)
            title = ", ".join(filter(None, (model, engine)))
            fields[down][across].set_title(title, loc="left", color="#17202c")
        fields[down][0].set_ylabel("microseconds of processor a row")
    for field in fields[-1]:
        field.set_xlabel(label)
    return drawing


def _lines(axes: Any, figures: list[Figure]) -> None:
    ways = list(dict.fromkeys((one.way, one.role) for one in figures))
    shades = _shades(ways)
    for place, (way, _) in enumerate(ways):
        own = sorted((o for o in figures if o.way == way), key=lambda one: one.size or 0)
        axes.plot(
            [one.size for one in own],
            [(one.cpu or 0) * 1e6 for one in own],
            LINES[place % len(LINES)],
            marker="o",
            markersize=3,
            color=shades[way],
            label=way,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid()
    axes.legend(fontsize=8)
