"""`procgen compile`: a saved model becomes migrations, or one script on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.backends.languages import Language
from procgen.backends.lowering import NOT_EXACT, Lowering
from procgen.backends.manner import Manner
from procgen.cli.compiling import (
    Compiled,
    Reading,
    compile_into,
    find_version,
    read_saved,
    with_policies,
)
from procgen.cli.console import say, say_columns, say_json, say_script, working
from procgen.cli.explaining import Explanation
from procgen.cli.listing import NEXT, lines, names
from procgen.cli.options import AsJson, Folder
from procgen.compiler import compile_source, in_manner
from procgen.migrations.folder import ENGINES
from procgen.migrations.project import SETTINGS, Project, load_project
from procgen.verify.gate import percent
from procgen.verify.measured import Counts

EXAMPLE = "Example: procgen compile churn.skops --name churn --sample train.parquet"

ModelFile = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="A .skops, .pkl or .joblib file, or a booster's own."),
]
Name = Annotated[str, typer.Option("--name", help="What the routines are called: ml.NAME_v1.")]
Engine = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="|".join(ENGINES), help="One engine; else all of the project."
    ),
]
InputsFile = Annotated[
    Path | None,
    typer.Option("--inputs", metavar="FILE", help="JSON: column names, or types by name."),
]
SampleFile = Annotated[
    Path | None,
    typer.Option("--sample", metavar="FILE", help="Parquet or CSV: types, and parity cases."),
]
Trust = Annotated[bool, typer.Option("--trust", help="Load a file that can run code (pickle).")]
OnMissing = Annotated[
    str,
    typer.Option(
        "--on-missing",
        metavar="POLICY",
        help="model, null or error; or by input: age=null,plan=error.",
    ),
]
OnUnseen = Annotated[
    str,
    typer.Option("--on-unseen", metavar="POLICY", help="The same for categories not seen."),
]
Spoken = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="|".join(Language),
        help="plpython: PostgreSQL routines in plpython3u. python: for procgen.duckdb.register.",
    ),
]
Lowered = Annotated[
    str | None,
    typer.Option(
        "--lowering",
        metavar="|".join(Lowering),
        help="How trees are written; else the cost model says. See --explain. "
        "steps: for trees of one split; not exact, within the bound of a sum.",
    ),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say how trees are written, what else could be, and why.")
]
ToStdout = Annotated[bool, typer.Option("--stdout", help="Print the up script; write nothing.")]
Schema = Annotated[
    str | None, typer.Option("--schema", help="With --stdout: the schema of the routines.")
]


def compile_command(  # noqa: PLR0913 - an option is a parameter
    *,
    model: ModelFile,
    name: Name,
    target: Engine = None,
    inputs: InputsFile = None,
    sample: SampleFile = None,
    trust: Trust = False,
    on_missing: OnMissing = "model",
    on_unseen: OnUnseen = "model",
    language: Spoken = None,
    lowering: Lowered = None,
    explain: Explain = False,
    stdout: ToStdout = False,
    schema: Schema = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Compile a saved model into the next version's files, once Python's answers are matched.

    The same model again writes nothing. A different one gets the next version.
    """
    if target is not None and target not in ENGINES:
        raise typer.BadParameter(f"--target is one of {', '.join(ENGINES)}, not {target!r}")
    if schema is not None and not stdout:
        raise typer.BadParameter(f"--schema goes with --stdout; a project's is in {SETTINGS}")
    wanted = Manner.named(language, lowering)
    project = load_project(folder) if not stdout or (folder / SETTINGS).exists() else None
    with working(f"reading {model}"):
        reading = read_saved(model, inputs=inputs, sample=sample, trust=trust)
        reading = with_policies(reading, on_missing, on_unseen)
    if project is None or stdout:
        say_script(_script(project, name, reading, target, schema, wanted))
        return
    with working(f"compiling {name}"):
        engines = project.engines if target is None else (target,)
        compiled = compile_into(project, name, reading, engines, wanted)
    written = in_manner(reading.source, compiled.version.manner).program
    explained = Explanation(written, engines, compiled.version.manner)
    if as_json:
        choices = {"choices": explained.as_json()} if explain else {}
        say_json(_as_json(project, name, compiled) | choices)
        return
    _report(project, name, compiled)
    if explain:
        say_columns(explained.cells(f"{project.schema}.{name}_v{compiled.version.number}"))


def _script(
    project: Project | None,
    name: str,
    reading: Reading,
    target: str | None,
    schema: str | None,
    wanted: Manner,
) -> str:
    """The up script for one engine, of the version that `compile` would write."""
    engines = ENGINES if project is None else project.engines
    if target is None and len(engines) > 1:
        raise typer.BadParameter(f"--stdout prints one script: add --target {'|'.join(engines)}")
    artifact = compile_source(
        reading.source,
        name=name,
        target=target or engines[0],
        version=find_version(project, name, reading.source, wanted).number if project else 1,
        schema=schema or (project.schema if project else "ml"),
        language=wanted.language or Language.SQL,
        lowering=wanted.lowering,
    )
    return artifact.up


def _report(project: Project, name: str, compiled: Compiled) -> None:
    version = compiled.version
    title = f"{name} v{version.number}   digest {version.digest[:8]}"
    if not compiled.paths:
        say(f"{title}   is the newest version already; nothing was written")
        return
    if version.previous is None:
        say(f"{title}   the first version")
    elif version.is_new:
        say(f"{title}   differs from v{version.previous}: {compiled.difference}")
    else:
        say(f"{title}   unchanged; new for this target")
    written = lines(compiled.paths, project.root)
    for line in sorted(written, key=lambda line: not line.startswith("models/")):
        cases = f" ({compiled.cases:,} rows{_reach(compiled.coverage)})"
        say(f"  wrote {line}" + (cases if line.endswith(".cases.parquet") else ""))
    if version.manner.lowering is Lowering.STEPS:
        say(f"--lowering {Lowering.STEPS} is {NOT_EXACT}")
    if compiled.coverage is not None and compiled.coverage["share"] < 1:
        share = percent(compiled.coverage["share"])
        say(
            f"Some leaves are neither reached nor proven out of reach: apply --min-coverage {share}"
        )
    say(NEXT)


def _reach(coverage: Counts | None) -> str:
    """What the cases reach, in words."""
    if coverage is None or not coverage["reachable"]:
        return " that Python answered"
    if coverage["share"] == coverage["share_of_sides"] == 1:
        return ": every leaf and split side that a row can reach"
    return f": {percent(coverage['share'])} % of the leaves that may be reachable"


def _as_json(project: Project, name: str, compiled: Compiled) -> dict[str, object]:
    return {
        "name": name,
        "version": compiled.version.number,
        "digest": compiled.version.digest,
        "previous": compiled.version.previous,
        "new": compiled.version.is_new,
        "difference": compiled.difference,
        "cases": compiled.cases,
        "coverage": compiled.coverage,
        "written": names(compiled.paths, project.root),
    }
