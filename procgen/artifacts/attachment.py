"""How a model is attached to a table, as data that a migration's header keeps."""

from __future__ import annotations

import dataclasses
import enum
import json
from dataclasses import dataclass
from typing import Any

from procgen.artifacts.tables import TableName
from procgen.errors import CorruptFileError
from procgen.ir.program import OutputName


class Form(enum.StrEnum):
    """What an attachment makes."""

    TRIGGER = "trigger"
    VIEW = "view"
    COLUMN = "column"
    PROCEDURE = "procedure"
    SCHEDULE = "schedule"


class OnError(enum.StrEnum):
    """What becomes of a row that cannot be scored.

    ABORT: the statement fails. NULL: the row is stored and its score is NULL. QUEUE: the row is
    stored, and the failure is recorded in `procgen.failures`.
    """

    ABORT = "abort"
    NULL = "null"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of the source's key, with its type as the engine prints it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class MappedInput:
    """An input of the model and the column that it is read from; `same` if the types are equal."""

    input: str
    column: str
    same: bool


@dataclass(frozen=True, slots=True)
class Attachment:
    """A model on a table.

    Attributes:
        facade: whose champion scores.
        form: what is made.
        name: of the routine, view, column or scheduled job; triggers begin with it.
        source: the table.
        key: its key.
        inputs: where each input comes from, in the order of the model.
        outputs: what is kept of a score; the prediction always is.
        into: the predictions table, in the schema of the routines; of a schedule, the procedure.
        makes_table: whether this attachment makes it; another one may have.
        into_column: the column of the source that a row trigger fills instead.
        on_error: what becomes of a row that cannot be scored.
        changed: the column that says when a row was changed last.
        schedule: when, as cron writes it.
    """

    facade: str
    form: Form
    name: str
    source: TableName
    key: tuple[KeyColumn, ...]
    inputs: tuple[MappedInput, ...]
    outputs: tuple[OutputName, ...] = (OutputName.PREDICT,)
    into: str | None = None
    makes_table: bool = False
    into_column: str | None = None
    on_error: OnError = OnError.ABORT
    changed: str | None = None
    schedule: str | None = None

    @property
    def moves(self) -> bool:
        """Whether it is made again when another version answers."""
        return self.form in (Form.TRIGGER, Form.VIEW, Form.PROCEDURE)


def print_attachment(attachment: Attachment) -> str:
    """The attachment as one line of JSON."""
    return json.dumps(dataclasses.asdict(attachment), ensure_ascii=True, allow_nan=False)


def parse_attachment(text: str, source: str) -> Attachment:
    """Read what `print_attachment` wrote.

    Raises:
        CorruptFileError: naming the file.
    """
    try:
        values: dict[str, Any] = json.loads(text)
        values |= {
            "form": Form(values["form"]),
            "source": TableName(**values["source"]),
            "key": tuple(KeyColumn(**one) for one in values["key"]),
            "inputs": tuple(MappedInput(**one) for one in values["inputs"]),
            "outputs": tuple(OutputName(one) for one in values["outputs"]),
            "on_error": OnError(values["on_error"]),
        }
        return Attachment(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptFileError(
            f"{source}: the line procgen:attach cannot be read: {error!r}",
            hint="restore the file from git",
        ) from error
