"""The create migration of an artifact: numbered, headed, and entered in `procgen.sum`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from procgen.artifacts.artifact import Artifact
from procgen.migrations.header import Header, Kind, ModelVersion, body_hashes
from procgen.migrations.migration import Migration
from procgen.migrations.models import model_files
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
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
    migrations = project.migrations(artifact.target)
    required = (migrations[0].id,) if migrations else ()
    written = numbered_files(
        project,
        artifact.target,
        f"{artifact.name}_v{artifact.version}",
        _header(artifact, required),
        {"up": artifact.up, "down": artifact.down, "verify": artifact.verify},
    )
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
        body_sha256=body_hashes(artifact.up),
        generator=TOOL,
    )
