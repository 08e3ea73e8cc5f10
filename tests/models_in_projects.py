"""Projects with real models, compiled as the command compiles them."""

from __future__ import annotations

from pathlib import Path

from procgen.cli.compiling import Reading, compile_into, read_fitted
from procgen.databases.opening import engine_of, open_database
from procgen.databases.runner import apply
from procgen.migrations.project import Project
from procgen.migrations.promotion import Promotion, promote_files
from procgen.migrations.writing import write_files
from tests.projects import new_project, write_sums


def with_model(root: Path, engine: str, model, name: str, sample=None, inputs=None) -> Project:
    """A new project that has one more version of a model than before, promoted."""
    project = new_project(root)
    reading = read_fitted(model, inputs, sample)
    add_version(project, engine, name, reading)
    return project


def add_version(project: Project, engine: str, name: str, reading: Reading) -> int:
    """Write a version and its promotion; its number."""
    version = compile_into(project, name, reading, (engine,)).version.number
    write_files(promote_files(project, engine, Promotion(name, version)))
    return version


def apply_unasked(project: Project, url: str) -> None:
    """Apply what is pending without the parity gate, whatever it holds."""
    with open_database(url) as database:
        apply(project, database)


def rewrite(project: Project, url: str, slug: str, old: str, new: str) -> None:
    """Change a migration's up script, and drop the verify script that would notice."""
    folder = project.folder(engine_of(url))
    (path,) = folder.glob(f"*_{slug}.up.sql")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    path.with_name(path.name.replace(".up.", ".verify.")).unlink()
    write_sums(folder)
