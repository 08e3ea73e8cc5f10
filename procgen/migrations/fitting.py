"""What is asked for, against the table as it is: each way in which they do not fit, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from procgen.artifacts.attached import OWN_COLUMNS, Scorer
from procgen.artifacts.attachment import Attachment, Form, KeyColumn, MappedInput, OnError
from procgen.artifacts.tables import TableShape
from procgen.backends.dialect import Dialect
from procgen.errors import InputsError
from procgen.ir.program import OutputName
from procgen.ir.types import DType

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


def word_of(text: str) -> str:
    """A name as a part of other names."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_WORD] or "table"


@dataclass(frozen=True, slots=True)
class Fitting:
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
        facade, table = self.wanted.facade, word_of(self.shape.name.name)
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
