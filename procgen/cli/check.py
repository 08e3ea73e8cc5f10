"""`procgen check`: what would become of a model, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from procgen.backends import DIALECTS
from procgen.cli.compilation import InputsFile, ModelFile, SampleFile, Trust
from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.options import AsJson
from procgen.compiler import compile_source
from procgen.errors import LimitError, UnrepresentableError
from procgen.frontends import Source, load_model
from procgen.frontends.reading import input_names
from procgen.frontends.samples import read_inputs, read_sample, sample_types
from procgen.frontends.verdicts import Examination, Parity, examine
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, depth
from procgen.ir.types import DType

EXAMPLE = "Example: procgen check churn.skops"
STYLES = {Parity.EXACT: "green", Parity.BOUNDED: "yellow", Parity.REFUSED: "bold red"}


@dataclass(frozen=True, slots=True)
class Fit:
    """What one engine would get; `problem` says why it would get nothing."""

    engine: str
    lowering: str = ""
    bytes: int = 0
    problem: str = ""


def check(
    *,
    model: ModelFile,
    inputs: InputsFile = None,
    sample: SampleFile = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Say of each step whether it is supported, and what each engine would get. Writes nothing.

    The exit code is 1 where something is refused.
    """
    with working("reading"):
        loaded = load_model(model, trust=trust)
        examination = examine(loaded, *_columns(loaded, inputs, sample))
        fits = [_fit(examination.source, engine) for engine in DIALECTS if examination.source]
    if as_json:
        say_json(_as_json(examination, fits))
    else:
        _print(model, examination, fits)
    if not examination.ok or any(fit.problem for fit in fits):
        raise typer.Exit(1)


def _columns(
    model: Any, inputs: Path | None, sample: Path | None
) -> tuple[Any, Mapping[str, DType] | None]:
    """Names and types as the user's files give them."""
    given = read_inputs(inputs) if inputs else None
    if sample is None:
        return given, None
    typed = set(given) if isinstance(given, dict) else set()
    names = [name for name in input_names(model, given) if name not in typed]
    return given, sample_types(read_sample(sample), names)


def _fit(source: Source | None, engine: str) -> Fit:
    if source is None:
        return Fit(engine)
    try:
        artifact = compile_source(source, name="model", target=engine)
    except (LimitError, UnrepresentableError) as error:
        return Fit(engine, problem=str(error))
    return Fit(engine, lowering=artifact.lowering, bytes=len(artifact.up.encode()))


def _print(path: Path, examination: Examination, fits: list[Fit]) -> None:
    source = examination.source
    versions = "" if source is None else ", ".join(f"{k} {v}" for k, v in source.versions.items())
    say(f"{path.name}   {versions}".rstrip())
    rows = [("  step", "class", "parity", "note")]
    rows += [
        (f"  {verdict.step}", verdict.class_name, verdict.parity.value, verdict.note)
        for verdict in examination.verdicts
    ]
    say_columns(rows, {parity.value: style for parity, style in STYLES.items()})
    if source is None:
        refused = sum(verdict.parity is Parity.REFUSED for verdict in examination.verdicts)
        steps = "1 step is" if refused == 1 else f"{refused} steps are"
        say(f"{steps} refused. Nothing was written.")
        return
    say(f"  inputs    {', '.join(f'{f.name} {f.dtype}' for f in source.program.inputs)}")
    size = _size(source.program)
    if size["trees"]:
        say(
            f"  size      {size['trees']:,} trees, {size['nodes']:,} nodes, depth {size['depth']:,}"
        )
    say_columns(
        [("  engine", "lowering", "SQL", "limits")]
        + [
            (f"  {f.engine}", f.lowering, f"{f.bytes / 1000:,.0f} KB", f.problem or "ok")
            for f in fits
        ]
    )


def _size(program: Program) -> dict[str, int]:
    trees = [
        tree
        for binding in program.bindings
        if isinstance(binding.value, Ensemble)
        for tree in binding.value.trees
    ]
    return {
        "trees": len(trees),
        "nodes": sum(len(tree.nodes) for tree in trees),
        "depth": max(map(depth, trees), default=0),
    }


def _as_json(examination: Examination, fits: list[Fit]) -> Mapping[str, Any]:
    source = examination.source
    answer: dict[str, Any] = {
        "ok": examination.ok and not any(fit.problem for fit in fits),
        "steps": [
            {
                "step": verdict.step,
                "class": verdict.class_name,
                "parity": verdict.parity.value,
                "note": verdict.note,
            }
            for verdict in examination.verdicts
        ],
    }
    if source is not None:
        answer["inputs"] = [
            {"name": field.name, "dtype": field.dtype.value} for field in source.program.inputs
        ]
        answer["versions"] = dict(source.versions)
        answer["size"] = _size(source.program)
        answer["engines"] = [
            {"engine": f.engine, "lowering": f.lowering, "bytes": f.bytes, "problem": f.problem}
            for f in fits
        ]
    return answer
