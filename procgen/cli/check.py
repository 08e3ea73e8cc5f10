"""`procgen check`: what would become of a model, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from procgen.backends import DIALECTS
from procgen.backends.choices import Choice
from procgen.cli.compilation import InputsFile, ModelFile, SampleFile, Trust
from procgen.cli.console import say, say_columns, say_json, working
from procgen.cli.explaining import cells_of, choices_as_json
from procgen.cli.options import AsJson
from procgen.compiler import compile_source
from procgen.errors import LimitError, UnrepresentableError
from procgen.frontends import Source, load_model
from procgen.frontends.reading import input_names
from procgen.frontends.samples import read_inputs, read_sample, sample_types
from procgen.frontends.verdicts import Examination, Parity, examine
from procgen.ir.program import Output, OutputName, Program
from procgen.ir.trees import depth
from procgen.ir.types import DType, ListType
from procgen.ir.walk import trees_of
from procgen.verify.compare import LINK_ULPS, Judge

EXAMPLE = "Example: procgen check churn.skops"
ORDER = (OutputName.PREDICT, OutputName.PROBA, OutputName.MARGIN)
MOST_NAMES = 8
"""Names of inputs of one type that are listed; --json lists all."""
STYLES = {Parity.EXACT: "green", Parity.BOUNDED: "yellow", Parity.REFUSED: "bold red"}


@dataclass(frozen=True, slots=True)
class Fit:
    """What one engine would get; `problem` says why it would get nothing."""

    engine: str
    lowering: str = ""
    bytes: int = 0
    inputs: str = ""
    choices: tuple[Choice, ...] = ()
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
        _print(model, loaded, examination, fits)
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
    count, target = len(source.program.inputs), artifact.dialect.target
    inputs = f"{count:,} of {target.max_arguments:,} arguments"
    if count > target.max_arguments:
        inputs = f"{count:,} of {target.max_inputs:,} fields of a row"
    size = len(artifact.up.encode())
    return Fit(engine, artifact.lowering, size, inputs, artifact.choices)


def _print(path: Path, model: Any, examination: Examination, fits: list[Fit]) -> None:
    source = examination.source
    versions = "" if source is None else ", ".join(f"{k} {v}" for k, v in source.versions.items())
    say(f"{path.name}   {_title(model)}   {versions}".rstrip())
    rows = [("  step", "class", "parity", "note")]
    rows += [
        (f"  {one.step}", one.class_name.rpartition(".")[2], one.parity.value, one.note)
        for one in examination.verdicts
    ]
    say_columns(rows, {parity.value: style for parity, style in STYLES.items()})
    if source is None:
        refused = sum(verdict.parity is Parity.REFUSED for verdict in examination.verdicts)
        steps = "1 step is" if refused == 1 else f"{refused} steps are"
        say(f"{steps} refused. Nothing was written.")
        return
    _print_columns(source)
    engines = [("  engine", "lowering", "SQL", "inputs", "limits")]
    engines += [
        (f"  {f.engine}", f.lowering, f"{f.bytes / 1000:,.0f} KB", f.inputs, f.problem or "ok")
        for f in fits
    ]
    say_columns(engines)
    explained = [row for fit in fits if fit.choices for row in _explained(fit)]
    if explained:
        say_columns(explained)
    if any(fit.problem for fit in fits):
        say("Not every engine holds this model. Nothing was written.")


def _explained(fit: Fit) -> Iterator[tuple[str, ...]]:
    return cells_of(fit.engine, "ml.model", fit.choices)


def _title(model: Any) -> str:
    """The class, and of a pipeline the classes of its steps."""
    steps = [type(step).__name__ for _, step in getattr(model, "steps", ()) if step is not None]
    name = type(model).__name__
    return f"{name}: {' > '.join(steps)}" if steps else name


def _print_columns(source: Source) -> None:
    """Inputs by type, outputs with how near they are, and what the trees amount to."""
    by_type: dict[str, list[str]] = {}
    for field in source.program.inputs:
        by_type.setdefault(field.dtype.value, []).append(field.name)
    rows = [("  inputs", "type", "names")]
    rows += [(f"  {len(names)}", dtype, _shortened(names)) for dtype, names in by_type.items()]
    say_columns(rows)
    rows = [("  output", "type", "parity")]
    rows += [(f"  {one['output']}", one["type"], one["parity"]) for one in _outputs(source)]
    say_columns(rows)
    size = _size(source.program)
    if size["trees"]:
        trees = "1 tree" if size["trees"] == 1 else f"{size['trees']:,} trees"
        say(f"  size     {trees}, {size['nodes']:,} nodes, depth {size['depth']:,}")


def _shortened(names: list[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_NAMES - 1])}, ... {names[-1]}"


def _outputs(source: Source) -> list[dict[str, str]]:
    """Each output, its type, and how near Python's it is."""
    judge = Judge(source.program)
    return [
        {
            "output": output.name.value,
            "type": str(output.type.value)
            if isinstance(output.type, DType)
            else f"list of {output.type.item.value}",
            "parity": _nearness(source, judge, output),
        }
        for output in sorted(source.program.outputs, key=lambda one: ORDER.index(one.name))
    ]


def _nearness(source: Source, judge: Judge, output: Output) -> str:
    item = output.type.item if isinstance(output.type, ListType) else output.type
    linked = output.name in judge.loose
    single = " in float32" if output.name in judge.single else ""
    link = f"within {LINK_ULPS} ULP{single} of the library's link"
    if source.exact:
        return link if linked and item.is_float else "equal"
    if not item.is_float:
        return "equal, unless what decides is within its bound of the decision"
    if output.name is OutputName.MARGIN:
        return "within the bound of its sums" if judge.is_bounded else "within what its sums allow"
    return f"{link} of the margin" if linked else "as the margin"


def _size(program: Program) -> dict[str, int]:
    trees = list(trees_of(program))
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
        answer["outputs"] = _outputs(source)
        answer["versions"] = dict(source.versions)
        answer["size"] = _size(source.program)
        answer["engines"] = [
            {
                "engine": f.engine,
                "lowering": f.lowering,
                "bytes": f.bytes,
                "inputs": f.inputs,
                "choices": choices_as_json(f.choices),
                "problem": f.problem,
            }
            for f in fits
        ]
    return answer
