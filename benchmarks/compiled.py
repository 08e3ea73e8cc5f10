"""Artifacts of the measured models, and the file that `procgen.duckdb.register` reads."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import procgen
from benchmarks.models import COLUMNS, Subject
from procgen.artifacts.artifact import Artifact
from procgen.migrations.models import model_path, write_model_file
from procgen.migrations.project import Project

LISTED = ", ".join(COLUMNS)


@lru_cache(maxsize=8)
def compiled(subject: Subject, target: str, language: str = "sql") -> Artifact:
    """Version 1 in SQL, or version 2 in PL/Python."""
    return procgen.compile(
        subject.model,
        name=subject.key,
        target=target,
        version=1 if language == "sql" else 2,
        inputs=COLUMNS,
        language=language,
    )


def output_of(subject: Subject) -> str:
    """What the score is called: a classifier's is its probability."""
    return "proba" if subject.is_classifier else "predict"


def routine(artifact: Artifact, subject: Subject) -> str:
    """The name of the routine that gives the score."""
    suffix = "_proba" if subject.is_classifier else ""
    return f"{artifact.schema}.{artifact.name}_v{artifact.version}{suffix}"


def call(artifact: Artifact, subject: Subject) -> str:
    """The score as an expression over the table's columns."""
    return f"{routine(artifact, subject)}({LISTED})"


def part(rows: range) -> str:
    """Some of the rows that are asked for exactness."""
    return f"SELECT * FROM asked WHERE id >= {rows.start} AND id < {rows.stop}"


def made(artifact: Artifact, suffix: str) -> str | None:
    """The qualified name of what the version has besides, such as `_rows`, if it has it."""
    wanted = f"{artifact.schema}.{artifact.name}_v{artifact.version}{suffix}"
    for found in artifact.objects:
        name = found.rpartition("(")[0] or found
        if name.split()[-1] == wanted:
            return wanted
    return None


def model_file(artifact: Artifact, folder: Path) -> Path:
    """The model as a project's file has it."""
    project = Project(folder, (), "")
    write_model_file(project, artifact, {})
    return model_path(project, artifact.name, artifact.version)
