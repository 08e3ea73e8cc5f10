"""Attaching: the files that put a model on a table, or a refusal that says what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from procgen.artifacts.attached import AttachmentWriter, Scorer
from procgen.artifacts.attachment import (
    Attachment,
    Form,
    print_attachment,
)
from procgen.artifacts.tables import TableShape
from procgen.backends import dialect_named
from procgen.compiler import EVERYONE
from procgen.errors import ProjectError
from procgen.migrations.attached import attachments, scorers
from procgen.migrations.facades import facade_states
from procgen.migrations.fitting import Fitting, Wanted, word_of
from procgen.migrations.header import Header, Kind, ModelVersion, body_hashes
from procgen.migrations.layout import SERVING, layout_of
from procgen.migrations.migration import Migration
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.migrations.writing import FileSet


def attach_files(project: Project, engine: str, wanted: Wanted, shape: TableShape) -> FileSet:
    """The files of an attachment, not yet written.

    Raises:
        ProjectError: there is no champion, or the name or the predictions table is taken.
        InputsError: the table does not fit the model, or the engine cannot do what is asked.
    """
    migrations = project.migrations(engine)
    now = scorers(project, wanted.facade, facade_states(migrations), engine)
    if not now:
        raise ProjectError(
            f"migrations/{engine} has no facade {wanted.facade}",
            hint=f"run `procgen promote {wanted.facade} vN --target {engine}` first",
        )
    if layout_of(migrations) < SERVING:
        raise ProjectError(f"migrations/{engine} does not make procgen.jobs yet")
    known = attachments(migrations)
    attachment = Fitting(dialect_named(engine), wanted, shape, now[0]).attachment()
    attachment = _with_procedure(_with_table(attachment, known), known)
    _refuse_taken(attachment, known)
    return _files(project, engine, migrations, attachment, now)


def _files(
    project: Project,
    engine: str,
    migrations: Sequence[Migration],
    attachment: Attachment,
    now: Sequence[Scorer],
) -> FileSet:
    roles = project.roles or EVERYONE
    before = {role for one in migrations if one.kind is Kind.ATTACH for role in one.header.roles}
    newly = tuple(role for role in roles if role not in before)
    writer = AttachmentWriter(dialect_named(engine), project.schema, attachment, roles, newly)
    up = writer.up(now)
    scripts = {"up": up, "down": writer.down(), "verify": writer.verify(now)}
    states = facade_states(migrations)
    layouts = [one.id for one in migrations if one.header.layout]
    header = Header(
        kind=Kind.ATTACH,
        requires=(*layouts, states[attachment.facade].last),
        objects=writer.objects(),
        model=ModelVersion(now[0].model, now[0].version),
        roles=roles,
        attach=print_attachment(attachment).replace("$", "\\u0024"),
        body_sha256=body_hashes(up),
        generator=TOOL,
    )
    slug = f"{attachment.facade}_attach_{attachment.form}_{word_of(attachment.source.name)}"
    return numbered_files(project, engine, slug, header, scripts)


def _with_table(attachment: Attachment, known: Mapping[str, Attachment]) -> Attachment:
    """The first attachment with a predictions table makes it; another one must fit it."""
    if attachment.into is None:
        return attachment
    for name, one in known.items():
        if one.into != attachment.into or not one.makes_table:
            continue
        if (one.source, one.key, one.outputs) == (
            attachment.source,
            attachment.key,
            attachment.outputs,
        ):
            return attachment
        raise ProjectError(
            f"{name} made the predictions table {one.into} for {one.source} by "
            f"{', '.join(key.name for key in one.key)}, with {', '.join(one.outputs)}",
            hint="name another one with --into",
        )
    return replace(attachment, makes_table=True)


def _with_procedure(attachment: Attachment, known: Mapping[str, Attachment]) -> Attachment:
    """A schedule calls the procedure that is attached to the same table."""
    if attachment.form is not Form.SCHEDULE:
        return attachment
    for one in known.values():
        same = (one.facade, one.source) == (attachment.facade, attachment.source)
        if same and one.form is Form.PROCEDURE:
            return replace(attachment, into=one.name)
    raise ProjectError(
        f"no procedure of {attachment.facade} is attached to {attachment.source}",
        hint="attach one first with --as procedure",
    )


def _refuse_taken(attachment: Attachment, known: Mapping[str, Attachment]) -> None:
    names = {attachment.name, *([attachment.into] if attachment.makes_table else [])}
    if len(names) < 2 and attachment.makes_table:
        raise ProjectError(f"{attachment.name} is the name of two things", hint="choose --name")
    for migration, one in known.items():
        if one.name in names and (one.form is not Form.COLUMN or one.source == attachment.source):
            raise ProjectError(
                f"{migration} makes {one.name} already", hint="choose another with --name"
            )
