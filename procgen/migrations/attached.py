"""Which attachments the files leave, and the statements that make them again for other versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from procgen.artifacts.attached import AttachmentWriter, Scorer
from procgen.artifacts.attachment import Attachment, Form, parse_attachment
from procgen.backends import dialect_named
from procgen.backends.duckdb_lowerings import Use, lowering_of
from procgen.backends.rows import rows_macro
from procgen.migrations.facades import SHADOW, FacadeState
from procgen.migrations.header import Kind, ModelVersion
from procgen.migrations.migration import Migration
from procgen.migrations.models import read_model
from procgen.migrations.project import Project
from procgen.passes import lower

MOVED = "-- What is attached is made again, so that it calls and names the versions that score.\n"
"""Stands above the statements that need the tables of users."""


def attachments(migrations: Iterable[Migration]) -> dict[str, Attachment]:
    """Every attachment once these migrations are applied, by the migration that made it."""
    every = tuple(migrations)
    gone = {one.header.detaches for one in every}
    return {
        one.id: parse_attachment(one.header.attach, one.source("up"))
        for one in every
        if one.header.attach is not None and one.id not in gone
    }


def columns_of_versions(
    migrations: Iterable[Migration],
) -> Iterator[tuple[ModelVersion, Attachment]]:
    """Generated columns, each with the version whose answers it keeps."""
    every = tuple(migrations)
    found = attachments(every)
    for one in every:
        version = one.header.model
        if one.id in found and version is not None and found[one.id].form is Form.COLUMN:
            yield version, found[one.id]


def scorers(
    project: Project, facade: str, states: Mapping[str, FacadeState], engine: str
) -> tuple[Scorer, ...]:
    """The version that answers a facade, then its shadow; empty where there is no such facade."""
    if facade not in states:
        return ()
    found = [scorer(project, version, engine) for version in states[facade].serves[-1:]]
    shadow = states.get(facade + SHADOW)
    if shadow is not None and shadow.is_shadow:
        found += [scorer(project, version, engine) for version in shadow.serves[-1:]]
    return tuple(found)


def scorer(project: Project, version: ModelVersion, engine: str) -> Scorer:
    """A version as attachments call it."""
    record, program = read_model(project, version)
    rows, forced = None, record.manner.on(engine).lowering
    if has_rows(project, version, engine):
        rows = lowering_of(lower(program, dialect_named(engine).target), Use.ROWS, forced)
    return Scorer(version.name, version.version, record.digest, program, record.language, rows)


def has_rows(project: Project, version: ModelVersion, engine: str) -> bool:
    """Whether the version that the files create has a table macro; those of old procgens do not."""
    name = rows_macro(project.schema, f"{version.name}_v{version.version}")
    return any(
        name in one.header.objects
        for one in project.migrations(engine)
        if one.kind is Kind.CREATE and one.header.model == version
    )


def moved_script(
    project: Project,
    engine: str,
    migrations: Sequence[Migration],
    facade: str,
    states: Mapping[str, FacadeState],
) -> str:
    """The statements that make a facade's attachments again, once its versions are `states`."""
    name = facade.removesuffix(SHADOW) if facade.endswith(SHADOW) else facade
    moving = [one for one in attachments(migrations).values() if one.moves and one.facade == name]
    now = scorers(project, name, states, engine)
    if not moving or not now:
        return ""
    dialect = dialect_named(engine)
    writers = [AttachmentWriter(dialect, project.schema, one) for one in moving]
    return "\n" + MOVED + "\n".join(writer.move(now) for writer in writers)


def replayable(script: str) -> str:
    """A script of a promotion without what needs the tables of users."""
    return script.partition(MOVED)[0]
