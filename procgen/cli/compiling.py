"""A saved model becomes the files of a new version: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procgen.artifacts.artifact import Artifact
from procgen.backends.languages import Language
from procgen.backends.lowering import Lowering
from procgen.backends.manner import Manner
from procgen.cli.differences import describe
from procgen.cli.parity import make_cases
from procgen.compiler import EVERYONE, compile_source, in_manner
from procgen.errors import ProcgenError
from procgen.frontends import Source, load_model, read_model
from procgen.frontends.catboost_samples import learn_texts
from procgen.frontends.reading import input_names, require_fitted
from procgen.frontends.samples import Rows, read_inputs, read_sample, sample_rows, sample_types
from procgen.ir import codec
from procgen.ir.expressions import Constant
from procgen.ir.policies import Policies, Rule
from procgen.ir.stumps import can_be_steps, in_written_order
from procgen.migrations.create import create_files, find_create_migration
from procgen.migrations.header import ModelVersion
from procgen.migrations.models import newest_version, read_model_file, read_program
from procgen.migrations.writing import FileSet, joined, write_files
from procgen.verify.cases import print_cases
from procgen.verify.coverage import measure
from procgen.verify.gate import cases_path
from procgen.verify.measured import Counts, coverage_counts, with_note

if TYPE_CHECKING:
    import pyarrow as pa

    from procgen.migrations.project import Project


ANY_MANNER = Manner()


@dataclass(frozen=True, slots=True)
class Reading:
    """A model as its file and the user's files about its columns say; `rows` are the sample's."""

    model: Any
    source: Source
    rows: Rows


@dataclass(frozen=True, slots=True)
class Version:
    """The version that a model gets in a project; `previous` is the newest one before."""

    number: int
    digest: str
    previous: int | None
    manner: Manner

    @property
    def is_new(self) -> bool:
        """Whether the model differs from the newest version of its name."""
        return self.number != self.previous


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compile came to.

    Attributes:
        version: which version the model is.
        paths: the files written.
        cases: how many rows Python was asked about.
        coverage: what they reach, as a certificate says it.
        difference: how it differs from the version before, if there is one.
    """

    version: Version
    paths: tuple[Path, ...] = ()
    cases: int = 0
    coverage: Counts | None = None
    difference: str | None = None


def read_saved(path: Path, *, inputs: Path | None, sample: Path | None, trust: bool) -> Reading:
    """Load and read a saved model."""
    model = load_model(path, trust=trust)
    given = read_inputs(inputs) if inputs else None
    return read_fitted(model, given, read_sample(sample) if sample else None)


def read_fitted(model: Any, inputs: Any, sample: pa.Table | None) -> Reading:
    """Read a fitted model, with the types of a sample's columns where `inputs` gives none."""
    require_fitted(model)
    if sample is None:
        source = read_model(model, inputs)
        if source.bridged:
            raise ProcgenError(
                f"{source.class_names[0]} is read by way of m2cgen, the bridge of last resort",
                hint="give rows of your own with --sample; they must score alike",
            )
        return Reading(model, source, [])
    given = set(inputs) if isinstance(inputs, dict) else set()
    names = [name for name in input_names(model, inputs) if name not in given]
    learn_texts(model, sample)
    source = read_model(model, inputs, sample_types(sample, names))
    return Reading(model, source, sample_rows(sample, source.program.inputs))


def with_policies(reading: Reading, on_missing: str, on_unseen: str) -> Reading:
    """The same model with what `--on-missing` and `--on-unseen` say."""
    policies = Policies(
        Rule.parse(on_missing, "--on-missing"), Rule.parse(on_unseen, "--on-unseen")
    )
    program = policies.applied(reading.source.program)
    return replace(reading, source=replace(reading.source, program=program))


def find_version(
    project: Project, name: str, source: Source, wanted: Manner = ANY_MANNER
) -> Version:
    """The version of this model: the newest one if it is equal to that, or the next.

    The same model in another language or lowering is another version; what `wanted` does not say
    stays as it is.

    Raises:
        LimitError: the model cannot be written in the manner that is wanted.
    """
    newest, known = newest_version(project, name) or (None, "")
    if newest is not None:
        kept = read_model_file(project, ModelVersion(name, newest)).manner
        if wanted.settled(kept) == kept and _is_written_as(source, kept, known):
            return Version(newest, known, newest, kept)
    manner = wanted.settled()
    digest = codec.digest(in_manner(source, manner).program)
    return Version((newest or 0) + 1, digest, newest, manner)


def _is_written_as(source: Source, manner: Manner, digest: str) -> bool:
    """Whether this digest is that of the model in a manner, which it may not even have."""
    if manner.lowering is Lowering.STEPS and not can_be_steps(source.program):
        return False
    return codec.digest(in_manner(source, manner).program) == digest


def compile_into(
    project: Project,
    name: str,
    reading: Reading,
    engines: Sequence[str],
    wanted: Manner = ANY_MANNER,
) -> Compiled:
    """Compile for each engine that lacks this version, and write what is new.

    An engine that does not speak the language gets SQL, and one that has not the lowering its own.

    Raises:
        InputsError: no engine has the language or the lowering.
        LimitError: the model cannot be written so.
        ParityError: Python's answers and the Program's differ; nothing is written.
        ProjectError: the project is not in order, or a file is in the way; nothing is written.
    """
    wanted.require_for(engines)
    version = find_version(project, name, reading.source, wanted)
    source = in_manner(reading.source, version.manner)
    artifacts = _missing_artifacts(project, name, source, version, engines)
    if not artifacts:
        return Compiled(version)
    cases = make_cases(reading.model, source, artifacts[0], reading.rows)
    coverage = coverage_counts(measure(source.program, cases.rows))
    difference = _difference(project, name, version, source)
    provenance = _provenance(project, name, version, source)
    files = joined(create_files(project, artifact, provenance) for artifact in artifacts)
    path = cases_path(project, ModelVersion(name, version.number))
    # A version keeps the cases that it was written with, whatever sample comes with a new target.
    if version.is_new or not path.exists():
        stored = with_note(cases, coverage, version.digest)
        added = (path, print_cases(source.program, stored))
        files = FileSet((*files.new, added), files.replaced)
    # Each target's files include the one model file, so it is there twice.
    every = FileSet(tuple(dict.fromkeys(files.new)), files.replaced)
    return Compiled(version, write_files(every), len(cases.rows), coverage, difference)


def _missing_artifacts(
    project: Project, name: str, source: Source, version: Version, engines: Sequence[str]
) -> list[Artifact]:
    """The version for each engine that has no migration of it."""
    return [
        compile_source(
            source,
            name=name,
            target=engine,
            version=version.number,
            schema=project.schema,
            roles=project.roles or EVERYONE,
            language=manner.language or Language.SQL,
            lowering=manner.lowering,
        )
        for engine in engines
        for manner in [version.manner.on(engine)]
        if find_create_migration(project, engine, name, version.number) is None
    ]


def _difference(project: Project, name: str, version: Version, source: Source) -> str | None:
    if version.previous is None or not version.is_new:
        return None
    before = read_program(project, ModelVersion(name, version.previous))
    if in_written_order(before) == in_written_order(source.program):
        return str(version.manner)
    return describe(before, source.program)


def _provenance(project: Project, name: str, version: Version, source: Source) -> dict[str, Any]:
    """Where the model came from; a version that is written already keeps what was written."""
    if not version.is_new:
        return read_model_file(project, ModelVersion(name, version.number)).provenance
    return version.manner.as_json() | {
        "class_names": list(source.class_names),
        "versions": dict(source.versions),
        "classes": _labels(source.classes),
        "exact": source.exact,
        "bridged": source.bridged,
    }


def _labels(classes: tuple[tuple[Constant, ...], ...]) -> list[Any] | None:
    """Labels as JSON: a list, or for a model of several outputs a list for each of them."""
    labels = [[label.value for label in output] for output in classes]
    if not labels:
        return None
    return labels[0] if len(labels) == 1 else labels
