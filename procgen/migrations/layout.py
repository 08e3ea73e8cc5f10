"""procgen's own tables grow by a migration too: the first command that needs more writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from procgen.migrations.header import Header, Kind
from procgen.migrations.migration import Migration
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL, serving_scripts
from procgen.migrations.writing import FileSet

SERVING = 2
"""The layout with `procgen.jobs`, `procgen.failures` and the state `shadow`."""


def layout_of(migrations: Iterable[Migration]) -> int:
    """The layout that procgen's own tables have once these migrations are applied."""
    return max((one.header.layout or 1 for one in migrations), default=1)


def serving_files(project: Project, engine: str) -> FileSet:
    """The migration to the layout that serving needs, not yet written; empty where it is there."""
    migrations = project.migrations(engine)
    if layout_of(migrations) >= SERVING:
        return FileSet()
    texts = serving_scripts(engine)
    required = (migrations[0].id,) if migrations else ()
    header = Header(kind=Kind.SQL, requires=required, layout=SERVING, generator=TOOL)
    return numbered_files(project, engine, "serving", header, _without_header(texts))


def _without_header(texts: Mapping[str, str]) -> dict[str, str]:
    lines = texts["up"].split("\n")
    kept = [line for line in lines if not line.startswith("-- procgen:")]
    return dict(texts, up="\n".join(kept))
