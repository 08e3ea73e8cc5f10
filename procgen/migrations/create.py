"""The create migration of an artifact: numbered, headed, and entered in `procgen.sum`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from procgen.artifacts.artifact import Artifact
from procgen.migrations.canonical import normalised
from procgen.migrations.folder import SUM_FILE, next_number
from procgen.migrations.header import Header, Kind, ModelVersion, print_header
from procgen.migrations.migration import Migration, migration_id
from procgen.migrations.models import model_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.migrations.sums import folder_texts, print_sums, refuse_sum_problems
from procgen.migrations.writing import FileSet, joined, write_files


def find_create_migration(
    project: Project, engine: str, name: str, version: int
) -> Migration | None:
    """The migration of an engine that creates this version, or None if there is none yet."""
    wanted = ModelVersion(name, version)
    for migration in project.migrations(engine):
        if migration.kind is Kind.CREATE and migration.header.model == wanted:
            return migration
    return None


def create_files(project: Project, artifact: Artifact, provenance: Mapping[str, object]) -> FileSet:
    """The scripts, the sum file and the model file of an artifact, not yet written.

    Raises:
        ProjectError: the folder of the artifact's engine is not in order.
    """
    folder = project.folder(artifact.target)
    migrations = project.migrations(artifact.target)
    refuse_sum_problems(folder)
    number = next_number(migrations)
    stem = migration_id(number, f"{artifact.name}_v{artifact.version}")
    required = (migrations[0].id,) if migrations else ()
    scripts = {
        f"{stem}.up.sql": normalised(print_header(_header(artifact, required)) + artifact.up),
        f"{stem}.down.sql": normalised(artifact.down),
        f"{stem}.verify.sql": normalised(artifact.verify),
    }
    sums = print_sums(folder_texts(folder) | scripts).encode()
    files = tuple((folder / name, text.encode()) for name, text in scripts.items())
    written = FileSet(new=files, replaced=((folder / SUM_FILE, sums),))
    return joined([model_files(project, artifact, provenance), written])


def add_create_migration(
    project: Project, artifact: Artifact, provenance: Mapping[str, object]
) -> tuple[Path, ...]:
    """Write the files of `create_files`, all or none, and return the paths that changed."""
    return write_files(create_files(project, artifact, provenance))


def _header(artifact: Artifact, required: tuple[str, ...]) -> Header:
    return Header(
        kind=Kind.CREATE,
        requires=required,
        objects=artifact.objects,
        model=ModelVersion(artifact.name, artifact.version),
        model_sha256=artifact.digest,
        generator=TOOL,
    )
