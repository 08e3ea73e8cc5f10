"""Attaching: the files that put a model on a table, or a refusal that says what does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from procgen.artifacts.attached import OWN_COLUMNS, AttachmentWriter, Scorer
from procgen.artifacts.attachment import (
    Attachment,
    Form,
    KeyColumn,
    MappedInput,
    OnError,
    print_attachment,
)
from procgen.artifacts.tables import TableShape
from procgen.backends import dialect_named
from procgen.backends.dialect import Dialect
from procgen.compiler import EVERYONE
from procgen.errors import InputsError, ProjectError
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from procgen.migrations.attached import attachments, scorers
from procgen.migrations.facades import facade_states
from procgen.migrations.header import Header, Kind, ModelVersion, body_hashes
from procgen.migrations.layout import SERVING, layout_of
from procgen.migrations.migration import Migration
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.migrations.writing import FileSet

LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        facade: the model's facade.
        form: what is to be made.
        key: the key's columns.
        columns: the column of an input, where its name is another.
        name: of what is made; chosen by the form and the table without it.
        into: the predictions table, without its schema.
        into_column: the column that a row trigger fills.
        outputs: what is kept beside the prediction.
        on_error: what becomes of a row that cannot be scored.
        changed: the column that says when a row was changed.
        schedule: when, as cron writes it.
    """

    facade: str
    form: Form
    key: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    into: str | None = None
    into_column: str | None = None
    outputs: tuple[OutputName, ...] = ()
    on_error: OnError = OnError.ABORT
    changed: str | None = None
    schedule: str | None = None


def attach_files(project: Project, engine: str, wanted: Wanted, shape: TableShape) -> FileSet:
    """The files of an attachment, not yet written.

    Raises:
        ProjectError: there is no champion, or the name or the predictions table is taken.
        InputsError: the table does not fit the model, or the engine cannot do what is asked.
    """
    migrations = project.migrations(engine)
    now = scorers(project, wanted.facade, facade_states(migrations))
    if not now:
        raise ProjectError(
            f"migrations/{engine} has no facade {wanted.facade}",
            hint=f"run `procgen promote {wanted.facade} vN --target {engine}` first",
        )
    if layout_of(migrations) < SERVING:
        raise ProjectError(f"migrations/{engine} does not make procgen.jobs yet")
    known = attachments(migrations)
    attachment = _Attaching(dialect_named(engine), wanted, shape, now[0]).attachment()
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
    slug = f"{attachment.facade}_attach_{attachment.form}_{_word(attachment.source.name)}"
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


def _word(text: str) -> str:
    """A name as a part of other names."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_WORD] or "table"


@dataclass(frozen=True, slots=True)
class _Attaching:
    """One request, checked against the table."""

    dialect: Dialect
    wanted: Wanted
    shape: TableShape
    scorer: Scorer

    def attachment(self) -> Attachment:
        """The attachment, if all of it fits."""
        wanted = self.wanted
        self._check_engine()
        keyed = self.shape.check_key(wanted.key, self.dialect)
        into = self._into()
        for column in keyed:
            if into is not None and column.name.lower() in OWN_COLUMNS:
                raise InputsError(
                    f"the key {column.name!r} has the name of a column of every predictions table",
                    hint="use another key, or attach a view that renames it",
                )
        return Attachment(
            facade=wanted.facade,
            form=wanted.form,
            name=wanted.name or self._name(),
            source=self.shape.name,
            key=tuple(KeyColumn(column.name, column.type) for column in keyed),
            inputs=tuple(self._inputs()),
            outputs=self._outputs(),
            into=into,
            into_column=self._into_column(),
            on_error=wanted.on_error,
            changed=self._changed(),
            schedule=wanted.schedule,
        )

    def _check_engine(self) -> None:
        wanted, form = self.wanted, self.wanted.form
        if wanted.into_column and form is not Form.TRIGGER:
            raise InputsError("only a trigger fills a column: --into-column goes with --as trigger")
        if wanted.changed and form is not Form.PROCEDURE:
            raise InputsError("only a procedure looks at --changed")
        if wanted.on_error is not OnError.ABORT and form not in (Form.TRIGGER, Form.PROCEDURE):
            raise InputsError(f"--on-error does not go with --as {form}")
        self._needs(bool(wanted.into_column), "row triggers", "attach a view, or a trigger --into")
        self._needs(
            form is Form.COLUMN,
            "generated columns that are added later",
            f"attach a view, or write the column into CREATE TABLE with {self._call()}",
        )
        self._needs(
            wanted.on_error is not OnError.ABORT,
            "catching errors",
            "leave --on-error out, and let the model give NULL: compile --on-missing null",
        )

    def _needs(self, asked: bool, ability: str, instead: str) -> None:  # noqa: FBT001
        if asked and ability not in self.dialect.abilities:
            raise InputsError(f"{self.dialect.name} has no {ability}", hint=instead)

    def _call(self) -> str:
        return f"{self.scorer.model}_v{self.scorer.version}(...)"

    def _into(self) -> str | None:
        """The predictions table, for what writes one."""
        if self.wanted.into_column or self.wanted.form not in (Form.TRIGGER, Form.PROCEDURE):
            return None
        return self.wanted.into or f"{self.wanted.facade}_predictions"

    def _name(self) -> str:
        facade, table = self.wanted.facade, _word(self.shape.name.name)
        match self.wanted.form:
            case Form.TRIGGER:
                return f"{facade}_on_{table}"
            case Form.VIEW:
                return f"{table}_{facade}"
            case Form.COLUMN:
                return f"{facade}_v{self.scorer.version}"
            case Form.PROCEDURE:
                return f"{facade}_score"
            case Form.SCHEDULE:
                return f"{facade}_score_{table}"

    def _inputs(self) -> list[MappedInput]:
        inputs = self.scorer.program.inputs
        unknown = self.wanted.columns.keys() - {one.name for one in inputs}
        if unknown:
            raise InputsError(
                f"{self.scorer.model} has no input {min(unknown)!r}",
                hint=f"it has: {', '.join(one.name for one in inputs)}",
            )
        return [self._input(one.name, one.dtype) for one in inputs]

    def _input(self, name: str, dtype: DType) -> MappedInput:
        column = self.shape.column(self.wanted.columns.get(name, name), self.dialect)
        if column.base not in self.dialect.exact[dtype]:
            raise InputsError(
                f"the column {column.name!r} of {self.shape.name} is {column.type}, and the input "
                f"{name!r} is {dtype}: it does not convert exactly",
                hint=f"use one of: {', '.join(sorted(self.dialect.exact[dtype]))}",
            )
        if column.generated and self.wanted.into_column:
            raise InputsError(
                f"the column {column.name!r} is generated, and a row trigger runs before that",
                hint="attach a trigger --into a predictions table",
            )
        same = column.base == self.dialect.types[dtype] or dtype is DType.TEXT
        return MappedInput(name, column.name, same)

    def _outputs(self) -> tuple[OutputName, ...]:
        single = self.wanted.form is Form.COLUMN or self.wanted.into_column
        if single and self.wanted.outputs:
            raise InputsError("a column holds one score: leave --with out")
        names = {OutputName.PREDICT, *self.wanted.outputs}
        for name in names:
            if self.scorer.program.output(name) is None:
                raise InputsError(f"{self.scorer.model} v{self.scorer.version} has no {name}")
        return tuple(name for name in OutputName if name in names)

    def _into_column(self) -> str | None:
        if self.wanted.into_column is None:
            return None
        column = self.shape.column(self.wanted.into_column, self.dialect)
        output = self.scorer.program.output(OutputName.PREDICT)
        kind = "" if output is None else self.dialect.type_name(output.type)
        if column.type != kind or column.generated:
            raise InputsError(
                f"the column {column.name!r} is {column.type}, and the prediction is {kind}",
                hint=f"add a column of type {kind}",
            )
        return column.name

    def _changed(self) -> str | None:
        if self.wanted.changed is None:
            return None
        column = self.shape.column(self.wanted.changed, self.dialect)
        if column.base not in self.dialect.moments:
            raise InputsError(
                f"the column {column.name!r} is {column.type}, and cannot say when a row changed",
                hint=f"it must be {' or '.join(sorted(self.dialect.moments))}",
            )
        return column.name
