"""Detaching: what an attachment made goes, and the down script makes it again."""

from __future__ import annotations

from collections.abc import Mapping

from procgen.artifacts.attached import AttachmentWriter, Scorer
from procgen.artifacts.attachment import Attachment, Form
from procgen.backends import dialect_named
from procgen.compiler import EVERYONE
from procgen.errors import ProjectError
from procgen.migrations.attached import attachments, scorer, scorers
from procgen.migrations.facades import facade_states
from procgen.migrations.header import Header, Kind
from procgen.migrations.migration import Migration
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.migrations.writing import FileSet


def detach_files(project: Project, engine: str, facade: str, name: str) -> FileSet:
    """The files that drop an attachment by its name, not yet written.

    Raises:
        ProjectError: there is none of this name, or another one needs what it made.
    """
    migrations = project.migrations(engine)
    known = {k: one for k, one in attachments(migrations).items() if one.facade == facade}
    found = [(migration, one) for migration, one in known.items() if one.name == name]
    if not found:
        names = ", ".join(one.name for one in known.values()) or "nothing"
        raise ProjectError(
            f"migrations/{engine} attaches no {name} of {facade}", hint=f"it attaches: {names}"
        )
    migration, attachment = found[-1]
    _refuse_needed(attachment, known)
    now = _scorers(project, attachment, migrations, migration)
    roles = project.roles or EVERYONE
    writer = AttachmentWriter(dialect_named(engine), project.schema, attachment, roles)
    header = Header(
        kind=Kind.ATTACH,
        requires=(migration, facade_states(migrations)[facade].last),
        detaches=migration,
        generator=TOOL,
    )
    scripts = {"up": f"-- {name} goes.\n\n{writer.down()}", "down": writer.up(now)}
    return numbered_files(project, engine, f"{facade}_attach_no_{attachment.form}", header, scripts)


def _scorers(
    project: Project,
    attachment: Attachment,
    migrations: tuple[Migration, ...],
    made: str,
) -> tuple[Scorer, ...]:
    """The versions that it calls now; a column calls that of its migration for ever."""
    engine = migrations[0].engine
    if attachment.form is Form.COLUMN:
        versions = [one.header.model for one in migrations if one.id == made]
        return tuple(
            scorer(project, version, engine) for version in versions if version is not None
        )
    return scorers(project, attachment.facade, facade_states(migrations), engine)


def _refuse_needed(attachment: Attachment, known: Mapping[str, Attachment]) -> None:
    for other in known.values():
        table = attachment.makes_table and other.into == attachment.into
        called = attachment.form is Form.PROCEDURE and other.into == attachment.name
        if other != attachment and (table or called):
            raise ProjectError(
                f"{other.name} needs what {attachment.name} made",
                hint=f"detach {other.name} first",
            )
