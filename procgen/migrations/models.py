"""`models/<name>_vN.json`: the Program of one version, its digest and where it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procgen.artifacts.artifact import Artifact
from procgen.backends.languages import Language
from procgen.backends.manner import Manner
from procgen.errors import CorruptFileError, InputsError, ProjectError
from procgen.ir import codec
from procgen.ir.program import Program
from procgen.migrations.header import ModelVersion
from procgen.migrations.project import Project
from procgen.migrations.writing import FileSet, write_files

FORMAT = 1
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FILE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)_v(?P<version>[1-9][0-9]*)\.json")


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What `procgen.models` keeps of a version; the JSON values are as the file has them."""

    name: str
    version: int
    digest: str
    classes: list[Any] | None
    inputs: list[Any]
    provenance: dict[str, Any]

    @property
    def language(self) -> Language:
        """What its routines were compiled in.

        Raises:
            CorruptFileError: its model file names another language.
        """
        return self.manner.language or Language.SQL

    @property
    def manner(self) -> Manner:
        """The language and the lowering that its routines were compiled in.

        Raises:
            CorruptFileError: its model file names one that is not known.
        """
        names = self.provenance.get("language", Language.SQL), self.provenance.get("lowering")
        try:
            return Manner.named(*names)
        except InputsError as error:
            raise CorruptFileError(
                f"{self.name} v{self.version}: {error}",
                hint="restore its model file from git, or upgrade procgen",
            ) from error


def model_path(project: Project, name: str, version: int) -> Path:
    """The file of one version.

    Raises:
        ProjectError: the name cannot be part of a file name on every system.
    """
    if not NAME.fullmatch(name):
        raise ProjectError(
            f"{name!r} cannot name a model",
            hint="use letters, digits and underscores, not starting with a digit",
        )
    return project.root / "models" / f"{name}_v{version}.json"


def model_files(project: Project, artifact: Artifact, provenance: Mapping[str, object]) -> FileSet:
    """The model file of an artifact, not yet written; the same values give the same bytes.

    Args:
        project: where it will stand.
        artifact: any target's; they share name, version, digest and Program.
        provenance: JSON values: class names, library versions, ...; `classes` are the labels
            in the model's order.
    """
    path = model_path(project, artifact.name, artifact.version)
    return FileSet(((path, _print(artifact, provenance).encode()),))


def write_model_file(
    project: Project, artifact: Artifact, provenance: Mapping[str, object]
) -> tuple[Path, ...]:
    """Write the model file of an artifact; nothing where it is there already."""
    return write_files(model_files(project, artifact, provenance))


def _print(artifact: Artifact, provenance: Mapping[str, object]) -> str:
    fields = artifact.program.inputs
    head = {
        "format": FORMAT,
        "name": artifact.name,
        "version": artifact.version,
        "digest": artifact.digest,
        "inputs": [
            {"name": field.name, "dtype": field.dtype.value, "nullable": field.nullable}
            for field in fields
        ],
        "provenance": dict(provenance),
    }
    text = json.dumps(head, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    # The Program stands last and exactly as it was hashed, so that the digest can be checked.
    return f'{text[:-2]},\n  "program": {codec.encode(artifact.program).strip()}\n}}\n'


def read_model_file(project: Project, version: ModelVersion) -> ModelRecord:
    """Read what a model file says of its version.

    Raises:
        ProjectError: there is no such file.
        CorruptFileError: it is not a model file, or it is of another version.
    """
    return _read(project, version)[0]


def read_model(project: Project, version: ModelVersion) -> tuple[ModelRecord, Program]:
    """What a model file says of its version, and the Program.

    Raises:
        ProjectError: there is no such file.
        CorruptFileError: it holds no Program, or that of another version.
    """
    record, content = _read(project, version)
    return record, program_in(content, model_path(project, version.name, version.version))


def read_program(project: Project, version: ModelVersion) -> Program:
    """The Program of a version; raises as `read_model`."""
    return read_model(project, version)[1]


def parse_model_file(path: Path, hint: str) -> tuple[ModelRecord, Mapping[str, Any]]:
    """What a model file says, and all that it holds.

    Raises:
        ProjectError: there is no such file, with this hint.
        CorruptFileError: it is not a model file.
    """
    try:
        content = json.loads(path.read_bytes())
        record = ModelRecord(
            name=content["name"],
            version=content["version"],
            digest=content["digest"],
            classes=content["provenance"].get("classes"),
            inputs=content["inputs"],
            provenance=content["provenance"],
        )
    except FileNotFoundError:
        raise ProjectError(f"{path} does not exist", hint=hint) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFileError(
            f"{path} is not a model file: {error!r}", hint="restore it from git"
        ) from error
    return record, content


def program_in(content: Mapping[str, Any], path: Path) -> Program:
    """The Program in what `parse_model_file` read.

    Raises:
        CorruptFileError: there is none.
    """
    if "program" not in content:
        raise CorruptFileError(f"{path} holds no program", hint="restore it from git")
    return codec.from_json(content["program"])


def _read(project: Project, version: ModelVersion) -> tuple[ModelRecord, Mapping[str, Any]]:
    path = model_path(project, version.name, version.version)
    record, content = parse_model_file(path, "restore it from git; its migration needs it")
    if (record.name, record.version) != (version.name, version.version):
        raise CorruptFileError(
            f"{path} is about {record.name} v{record.version}", hint="restore it from git"
        )
    return record, content


def newest_version(project: Project, name: str) -> tuple[int, str] | None:
    """The highest version of a name in models/ and its digest, or None if there is none."""
    folder = model_path(project, name, 1).parent
    found = [FILE.fullmatch(path.name) for path in folder.glob(f"{name}_v*.json")]
    versions = [int(one["version"]) for one in found if one and one["name"] == name]
    if not versions:
        return None
    record = read_model_file(project, ModelVersion(name, max(versions)))
    return record.version, record.digest
