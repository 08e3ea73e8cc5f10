"""The scripts of an attachment: they call versions, never the facade.

So the version written beside a score is the version that scored. A promotion makes them again in
its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from procgen.artifacts.attachment import Attachment, Form, OnError
from procgen.artifacts.batch_calls import BatchCall
from procgen.artifacts.tables import TableName
from procgen.artifacts.templates import render
from procgen.backends.dialect import Dialect
from procgen.backends.languages import Language
from procgen.backends.lowering import Lowering
from procgen.backends.routines import SUFFIXES, RoutineWriter, Schema
from procgen.backends.rows import score_columns
from procgen.backends.select import TITLES
from procgen.ir.program import OutputName, Program
from procgen.ir.types import DType
from procgen.ir.typing import Typing

OWN_COLUMNS = ("model", "version", "digest", *TITLES.values(), "scored_at")
"""Columns of a predictions table beside the key."""
PUBLIC = "PUBLIC"
LARGEST_CALL = 50_000
"""Rows that a procedure gives to one call in PL/Python, and so commits together, at most."""
FEW = 24
"""Rows of a statement from which a batch in PL/Python is faster than as many calls.

A call of 100 trees takes 20 microseconds. A batch begins at 600, at 80 once Numba has compiled.
"""
PROCEDURE_TYPES = "regclass, timestamp with time zone, integer"


@dataclass(frozen=True, slots=True)
class Scorer:
    """A version that scores; the first one answers, another one is its shadow.

    Attributes:
        model: its name.
        version: of the model.
        digest: of the Program.
        program: as it was compiled.
        rows: how its table macro writes the trees, where it has one.
    """

    model: str
    version: int
    digest: str
    program: Program
    language: Language = Language.SQL
    rows: Lowering | None = None


@dataclass(frozen=True, slots=True)
class AttachmentWriter:
    """Fills the templates of one engine for one attachment.

    Attributes:
        dialect: of which database.
        schema: of the routines.
        attachment: what is attached.
        roles: who may write where it writes.
        newly: those of them whose rights on procgen's own tables this attachment brings.
    """

    dialect: Dialect
    schema: str
    attachment: Attachment
    roles: tuple[str, ...] = ()
    newly: tuple[str, ...] = ()

    def up(self, scorers: Sequence[Scorer]) -> str:
        """Make it."""
        return self._render("up", scorers)

    def down(self) -> str:
        """Drop what `up` made."""
        return self._render("down", ())

    def verify(self, scorers: Sequence[Scorer]) -> str:
        """Raise where the calls do not fit the table, or what is made is gone or disabled."""
        return self._render("verify", scorers)

    def move(self, scorers: Sequence[Scorer]) -> str:
        """Make it again, for other versions."""
        return self._render("move", scorers)

    def objects(self) -> tuple[str, ...]:
        """What it makes, as history names it, but for triggers and columns of the source."""
        one = self.attachment
        rowless = self.dialect.largest_inlined is None
        made = [f"table {self.schema}.{one.into}"] if one.makes_table else []
        match one.form:
            case Form.VIEW:
                made.append(f"view {self.schema}.{one.name}")
            case Form.PROCEDURE if rowless:
                made.append(f"table macro {self.schema}.{one.name}")
            case Form.PROCEDURE:
                made.append(f"procedure {self.schema}.{one.name}({PROCEDURE_TYPES})")
            case Form.TRIGGER if not rowless:
                made.append(f"function {self.schema}.{one.name}()")
            case _:
                pass
        return tuple(made)

    def _render(self, part: str, scorers: Sequence[Scorer]) -> str:
        one = self.attachment
        form = "row_trigger" if one.into_column else one.form.value
        values = self._values(scorers)
        return render(self.dialect.name, f"attach_{form}", part=part, **values)

    def _values(self, scorers: Sequence[Scorer]) -> dict[str, object]:
        one, quote = self.attachment, self.dialect.identifier
        into = one.into or ""
        return {
            "title": self._title(scorers),
            "routine": self._qualified(one.name),
            "routine_text": self._text(f"{self.schema}.{one.name}"),
            "name": quote(one.name),
            "name_text": self._text(one.name),
            "insert_trigger": quote(f"{one.name}_insert"),
            "update_trigger": quote(f"{one.name}_update"),
            "source": one.source.quoted(self.dialect),
            "source_text": self._text(str(one.source)),
            "source_name": self._text(_as_regclass_reads(one.source)),
            "keys": [{"name": quote(key.name), "type": key.type} for key in one.key],
            "row_keys": [f"procgen_row.{quote(key.name)}" for key in one.key],
            "key_texts": [self._text(key.name) for key in one.key],
            "inputs": list(dict.fromkeys(quote(mapped.column) for mapped in one.inputs)),
            "read": list(
                dict.fromkeys(
                    quote(name)
                    for name in (
                        *(key.name for key in one.key),
                        *(mapped.column for mapped in one.inputs),
                    )
                )
            ),
            "few": FEW,
            "largest_call": LARGEST_CALL,
            "into": self._qualified(into) if into else None,
            "into_key": quote(f"{into}_pkey") if into else None,
            "makes_table": one.makes_table,
            "columns": self._columns(scorers),
            "into_column": quote(one.into_column) if one.into_column else None,
            "changed": quote(one.changed) if one.changed else None,
            "catches": one.on_error is not OnError.ABORT,
            "schedule": self._text(one.schedule or ""),
            "command": self._text(f"CALL {self._qualified(into)}()" if into else ""),
            "roles": [self._role(role) for role in self.roles],
            "writers": [self._role(role) for role in self.roles if role != PUBLIC],
            "newly": [self._role(role) for role in self.newly if role != PUBLIC],
            "scorers": [self._scorer(number, scorer) for number, scorer in enumerate(scorers)],
        }

    def _scorer(self, number: int, scorer: Scorer) -> dict[str, object]:
        """A version's calls, and what its errors do: a shadow never disturbs a statement."""
        one = self.attachment
        policy = one.on_error if number == 0 else OnError.QUEUE
        return {
            "is_shadow": number > 0,
            "model": self._text(scorer.model),
            "version": scorer.version,
            "digest": self._text(scorer.digest),
            "policy": policy.value,
            "calls": self._calls(scorer, "procgen_row"),
            "calls_of_one": self._calls(scorer, "procgen_one"),
            "calls_of_column": self._calls(scorer, ""),
            "calls_of_new": self._calls(scorer, "NEW"),
            "nulls": len(one.outputs),
            "facade": self._calls(scorer, "procgen_row", facade=True),
            "batch": self._batch(scorer),
            "rows": self._rows(scorer),
        }

    def _rows(self, scorer: Scorer) -> dict[str, object] | None:
        """What is read for a version's table macro, where that scores sooner than its calls do.

        A trigger sees a few rows, for which passes would be planned too long.
        """
        one, quote = self.attachment, self.dialect.identifier
        better = {
            Form.PROCEDURE: (Lowering.NODES, Lowering.PASSES),
            Form.TRIGGER: (Lowering.NODES,),
        }
        if scorer.rows not in better.get(one.form, ()):
            return None
        schema = self._of_version(scorer)
        read = self._arguments(scorer.program, "procgen_row")
        fields = [quote(field.name) for field in scorer.program.inputs]
        columns = score_columns(scorer.program)
        return {
            "name": schema.qualified("_rows"),
            "inputs": [f"{text} AS {name}" for text, name in zip(read, fields, strict=True)],
            "columns": [columns[name] for name in self._outputs()],
        }

    def _batch(self, scorer: Scorer) -> dict[str, object] | None:
        """How a version in PL/Python scores many rows at once; None of one in SQL."""
        if scorer.language is not Language.PLPYTHON:
            return None
        schema = self._of_version(scorer)
        names = (own.name for own in scorer.program.inputs)
        columns = dict(zip(names, self._arguments(scorer.program, "procgen_row"), strict=True))
        return BatchCall(scorer.program, schema).values(columns, self._outputs())

    def _of_version(self, scorer: Scorer) -> Schema:
        return Schema(self.dialect, self.schema, f"{scorer.model}_v{scorer.version}")

    def _calls(self, scorer: Scorer, row: str, *, facade: bool = False) -> list[str]:
        schema = self._of_version(scorer)
        if facade:
            schema = replace(schema, name=self.attachment.facade)
        writer = RoutineWriter(scorer.program, schema, Typing.of(scorer.program))
        arguments = ", ".join(self._arguments(scorer.program, row))
        if writer.takes_row:
            arguments = f"ROW({arguments})::{schema.qualified('_row')}"
        return [f"{schema.qualified(SUFFIXES[name])}({arguments})" for name in self._outputs()]

    def _arguments(self, program: Program, row: str) -> Iterable[str]:
        quote = self.dialect.identifier
        for field, mapped in zip(program.inputs, self.attachment.inputs, strict=True):
            column = f"{row}." * bool(row) + quote(mapped.column)
            kind = self.dialect.types[field.dtype]
            yield column if mapped.same else f"CAST({column} AS {kind})"

    def _outputs(self) -> list[OutputName]:
        return [name for name in TITLES if name in self.attachment.outputs]

    def _columns(self, scorers: Sequence[Scorer]) -> list[dict[str, str]]:
        """The columns of the scores, with their types where a version is known."""
        types = {}
        if scorers:
            outputs = scorers[0].program.outputs
            types = {one.name: self.dialect.type_name(one.type) for one in outputs}
        return [{"name": TITLES[name], "type": types.get(name, "")} for name in self._outputs()]

    def _title(self, scorers: Sequence[Scorer]) -> str:
        one = self.attachment
        labels = [f"{scorer.model} v{scorer.version}" for scorer in scorers]
        said = " and its shadow ".join(labels)
        title = f"{self.schema}.{one.name}: {one.form.value} on {one.source}" + f", {said}" * bool(
            labels
        )
        return " ".join(title.split())

    def _qualified(self, name: str) -> str:
        quote = self.dialect.identifier
        return f"{quote(self.schema)}.{quote(name)}"

    def _role(self, role: str) -> str:
        return PUBLIC if role.upper() == PUBLIC else self.dialect.identifier(role)

    def _text(self, value: str) -> str:
        # Without its cast: `text` may be a type of the caller's own.
        return self.dialect.literal(value, DType.TEXT).removesuffix("::text")


def _as_regclass_reads(source: TableName) -> str:
    """A name inside a text: there no escape stands for a part of it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in (source.schema, source.name))
