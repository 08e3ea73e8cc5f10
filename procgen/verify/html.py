"""The report of a suite as one HTML file that asks nothing of the network and runs no script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import dropwhile
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from procgen.artifacts.templates import template_folder
from procgen.backends import dialect_named
from procgen.backends.pieces import tree_texts
from procgen.passes import lower
from procgen.verify.charts import score_charts, tree_chart, ulp_chart
from procgen.verify.formats import shown
from procgen.verify.gate import percent
from procgen.verify.listing import Listing, listing, marks_of
from procgen.verify.outcome import EngineResult, SuiteReport
from procgen.verify.probed import probed_inputs
from procgen.verify.scoring import routine_writer

INPUTS = 200
MANY = 10_000_000
PLACES = 30


def as_html(report: SuiteReport) -> str:
    """The page; names and values from outside are escaped."""
    wrong = frozenset(
        mismatch.row
        for engine in report.engines
        for path in engine.paths
        for mismatch in path.parity.mismatches
    )
    lowered = lower(report.program, dialect_named("duckdb").target)
    inputs = list(probed_inputs(report.program, report.cases, wrong))
    return (
        _environment()
        .get_template("report/report.html.j2")
        .render(
            report=report,
            coverage=report.coverage,
            provenance=list(_provenance(report)),
            max_ulp=max(path.max_ulp for engine in report.engines for path in engine.paths),
            ways=sum(len(engine.paths) for engine in report.engines),
            inputs=inputs[:INPUTS],
            inputs_left=len(inputs) - len(inputs[:INPUTS]),
            trees=tree_chart(lowered, report.coverage),
            ulps=[ulp_chart(report, engine.paths[0], engine.label) for engine in report.engines],
            scores=[
                (engine.label, list(score_charts(report, engine.paths[0])))
                for engine in report.engines[:1]
            ],
            mutants=[_mutants(engine) for engine in report.engines if engine.mutation],
            listings=[(engine, _listing(report, engine)) for engine in report.engines],
            places=PLACES,
        )
    )


@cache
def _environment() -> Environment:
    folder = template_folder()
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{number:,}",
        "short": lambda number: f"{number:,}" if number < MANY else f"{number:.1e}",
        "percent": percent,
        "score": shown,
        "commit": lambda commit: (commit or "no commit")[:10],
    }
    return environment


def _provenance(report: SuiteReport) -> Iterator[tuple[str, str]]:
    """What the model file says, in words."""
    found: Mapping[str, Any] = report.record.provenance
    yield "Model", " > ".join(_short(name) for name in found.get("class_names", ()))
    versions = found.get("versions") or {}
    yield "Trained with", ", ".join(f"{name} {version}" for name, version in versions.items())
    if report.record.classes:
        yield "Classes", _listed(report.record.classes)
    yield "Inputs", f"{len(report.program.inputs):,}"
    yield "Digest", report.record.digest
    yield "Tested", f"{report.tested_at:%Y-%m-%d %H:%M} UTC with {report.tool}"
    known = {"class_names", "versions", "classes"}
    for name in sorted(found.keys() - known):
        yield name.replace("_", " ").capitalize(), _listed(found[name])


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _listed(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _mutants(engine: EngineResult) -> dict[str, Any]:
    """How many changes of each kind were made, and what became of them."""
    found = engine.mutation
    if found is None:
        return {}
    lives = Counter(one.kind for one in engine.survivors)
    equal = Counter(one.kind for one in found.survived if one.proof is not None)
    rows = [
        (kind, made - lives[kind] - equal[kind], equal[kind], lives[kind])
        for kind, made in sorted(found.kinds.items())
    ]
    return {"engine": engine.label, "rows": rows, "report": found, "lives": engine.survivors}


def _listing(report: SuiteReport, engine: EngineResult) -> Listing:
    dialect = engine.migration.engine
    lowered = lower(report.program, dialect_named(dialect).target)
    version = report.version
    routine = f"{version.name}_v{version.version}"
    writer = routine_writer(lowered, dialect, report.schema, routine)
    marks = marks_of(report.coverage, engine.survivors)
    lines = engine.migration.up.splitlines(keepends=True)
    # The comments on top are data for procgen.
    script = "".join(dropwhile(lambda line: line.startswith("-- procgen:"), lines))
    return listing(script, lowered, tree_texts(writer, script), marks)
