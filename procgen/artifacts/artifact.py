"""One version of a model for one database: the scripts that create, remove and verify it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from procgen.artifacts.duckdb_parts import DuckDBParts
from procgen.artifacts.plpython import PythonWriter
from procgen.artifacts.templates import render
from procgen.artifacts.verification import VerifyWriter
from procgen.backends.choices import Choice, choices
from procgen.backends.conditions import error_message
from procgen.backends.dialect import Dialect
from procgen.backends.duckdb_lowerings import Use, lowering_of, walked
from procgen.backends.languages import Language
from procgen.backends.lowering import STEPS_NOTES, Lowering
from procgen.backends.routine import Parameter, Routine
from procgen.backends.routines import SUFFIXES, RoutineWriter, Schema
from procgen.backends.select import SelectWriter
from procgen.backends.stand_ins import swapped_features
from procgen.backends.wording import described
from procgen.errors import InputsError, LimitError
from procgen.ir.program import Action, Program
from procgen.ir.stumps import free_ensembles
from procgen.ir.types import DType
from procgen.ir.typing import Typing
from procgen.ir.walk import ensembles_of


@dataclass(frozen=True, slots=True)
class Artifact:
    """The scripts of one version; `up` and `verify` assume that schema `schema` exists.

    Attributes:
        up: creates every routine; a name that is taken makes it fail.
        down: drops exactly what `up` created.
        verify: changes nothing, and raises on the first fixture row with another score.
        signature: how the prediction is called, with argument names and types.
        digest: sha256 of the Program's canonical JSON.
        objects: what `up` creates, such as `function ml.churn_v3(double precision, text)`.
        program: what was compiled.
        lowered: the same after the passes for this database.
        lowering: how the trees are written, in a few words.
        choices: the same by routine, with what else they could be and what either costs.
        language: what the routines that read columns are written in.
    """

    name: str
    version: int
    target: str
    schema: str
    up: str
    down: str
    verify: str
    signature: str
    digest: str
    objects: tuple[str, ...]
    program: Program
    lowered: Program
    dialect: Dialect
    lowering: str
    choices: tuple[Choice, ...]
    language: Language = Language.SQL

    def select(self, relation: str, *, key: str | Sequence[str] | None = None) -> str:
        """One SELECT that scores a relation without creating anything.

        Args:
            relation: a table or view as it is written in SQL, with its schema if it needs one.
            key: the column or columns that are passed through.

        Raises:
            InputsError: `relation` is not the name of a table.
        """
        keys = () if key is None else (key,) if isinstance(key, str) else tuple(key)
        walks = walked(self.lowered, self.dialect, Use.SELECT)
        writer = SelectWriter(self.lowered, self.dialect, Typing.of(self.lowered), walks)
        return writer.select(table_name(relation, self.dialect), keys)


def table_name(relation: str, dialect: Dialect) -> str:
    """The relation as SQL, if it is the name of a table or view and nothing else."""
    try:
        table = sqlglot.parse_one(relation, into=exp.Table, read=dialect.name)
    except sqlglot.errors.SqlglotError as error:
        raise InputsError(f"{relation!r} is not the name of a table") from error
    parts = [part for part in (table.args.get("catalog"), table.args.get("db"), table.this) if part]
    if not all(isinstance(part, exp.Identifier) for part in parts) or table.alias:
        raise InputsError(f"{relation!r} is not the name of a table")
    return ".".join(part.sql(dialect=dialect.name) for part in parts)


@dataclass(frozen=True, slots=True)
class ArtifactWriter:
    """Fills the templates of one engine for one version."""

    name: str
    version: int
    schema: str
    dialect: Dialect
    program: Program
    lowered: Program
    digest: str
    roles: tuple[str, ...]
    language: Language = Language.SQL
    forced: Lowering | None = None

    def write(self) -> Artifact:
        """Every script of the version.

        Raises:
            LimitError: the model is larger than the database can hold.
            UnrepresentableError: a name or a category cannot be written there.
        """
        writer = self._writer()
        routines = tuple(writer.routines())
        self._refuse_clashes()
        common = self._common(writer, routines)
        fields = writer.fields()
        engine, base = self.dialect.name, writer.schema.name
        python = PythonWriter.of(writer, self.digest)
        return Artifact(
            name=self.name,
            version=self.version,
            target=engine,
            schema=self.schema,
            up=self._up(fields, common),
            down=render(engine, "down", **common),
            verify=self._verify(writer, routines),
            signature=f"{self.schema}.{base}({_listed(writer.parameters())})",
            digest=self.digest,
            objects=self._objects(writer, routines, common["duckdb"])
            + (python.objects() if python else ()),
            program=self.program,
            lowered=self.lowered,
            dialect=self.dialect,
            lowering=described(routines, has_nodes=_has_nodes(common)),
            choices=choices(self.lowered, self.dialect, self.forced),
            language=self.language,
        )

    def up(self) -> str:
        """The up script alone."""
        writer = self._writer()
        routines = tuple(writer.routines())
        return self._up(writer.fields(), self._common(writer, routines))

    def _writer(self) -> RoutineWriter:
        schema = Schema(self.dialect, self.schema, f"{self.name}_v{self.version}")
        in_python = self.language is Language.PLPYTHON
        typing = Typing.of(self.lowered)
        return RoutineWriter(self.lowered, schema, typing, in_python, self.forced)

    def _common(self, writer: RoutineWriter, routines: Sequence[Routine]) -> dict[str, Any]:
        python = PythonWriter.of(writer, self.digest)
        return {
            "routines": [self._entry(routine, python) for routine in routines],
            "batch": python.batch() if python else None,
            "python": python.requirement() if python else None,
            "row_type": writer.schema.qualified("_row") if writer.takes_row else None,
            "duckdb": DuckDBParts.of(writer),
        }

    def _up(self, fields: Sequence[Parameter], common: Mapping[str, Any]) -> str:
        return render(
            self.dialect.name,
            "up",
            title=self._title(),
            digest=self.digest,
            notes=self._notes(common["duckdb"]),
            fields=fields,
            roles=[_role(role, self.dialect) for role in self.roles],
            **common,
        )

    def _title(self) -> str:
        outputs = ", ".join(
            f"{self.schema}.{self.name}_v{self.version}{SUFFIXES[output.name]}"
            for output in self.program.outputs
        )
        return f"{self.name} v{self.version}: {outputs}"

    def _notes(self, duckdb: DuckDBParts | None) -> tuple[str, ...]:
        notes = list(duckdb.notes) if duckdb else []
        if free_ensembles(self.program):
            notes += STEPS_NOTES
        if any(r.action is Action.REFUSE for r in self.lowered.requirements):
            notes.append("A row that Python would refuse scores NULL.")
        notes += (
            f"By policy: {'an error' if r.action is Action.ERROR else 'NULL'} where "
            f"{json.dumps(error_message(r))}."
            for r in self.program.requirements
            if r.action is not Action.REFUSE
        )
        if self.language is Language.PLPYTHON:
            notes.append(
                "Rows are scored by PL/Python, whose parameters have no names: see the body."
            )
        elif _sends_missing_left(self.lowered) and not self._walks():
            notes.append("-x < -t is x > t, but false of NaN: a missing value takes the ELSE side.")
        return tuple(notes)

    def _walks(self) -> bool:
        """Whether the routines read lists of nodes instead of having the splits as conditions."""
        found = self.dialect.walks and lowering_of(self.lowered, Use.ROUTINE, self.forced)
        return found is Lowering.NODES

    def _entry(self, routine: Routine, python: PythonWriter | None) -> dict[str, object]:
        schema = Schema(self.dialect, self.schema, routine.name)
        types = ", ".join(parameter.type for parameter in routine.parameters)
        comment = f"procgen {self.name} v{self.version}, model sha256 {self.digest}"
        return {
            "name": schema.qualified(),
            "signature": f"{schema.qualified()}({types})",
            "parameters": routine.parameters,
            "returns": routine.returns,
            "admission": routine.admission,
            "totals": routine.totals,
            "halves": routine.halves,
            "value": routine.value,
            "raises": routine.raises,
            "body": python.row_body(routine) if python and routine.in_python else None,
            "cost": routine.cost,
            "comment": self.dialect.literal(comment, DType.TEXT).removesuffix("::text"),
        }

    def _objects(
        self, writer: RoutineWriter, routines: Sequence[Routine], duckdb: DuckDBParts | None
    ) -> tuple[str, ...]:
        if duckdb is not None:
            return duckdb.objects(routines)
        types = [f"type {writer.schema.qualified('_row')}"] if writer.takes_row else []
        return (
            *types,
            *(
                f"function {self.schema}.{routine.name}"
                f"({', '.join(parameter.type for parameter in routine.parameters)})"
                for routine in routines
            ),
        )

    def _refuse_clashes(self) -> None:
        """Names are compared as the engine compares them: DuckDB ignores letter case."""
        seen: dict[str, str] = {}
        for field in self.program.inputs:
            folded = field.name.casefold() if self.dialect.folds_case else field.name
            if folded in seen:
                raise InputsError(
                    f"the inputs {seen[folded]!r} and {field.name!r} are one name in "
                    f"{self.dialect.name}",
                    hint="rename one of them and train again",
                )
            seen[folded] = field.name

    def _verify(self, writer: RoutineWriter, routines: Sequence[Routine]) -> str:
        names = frozenset(routine.name for routine in routines)
        return VerifyWriter(self.dialect, self.lowered, writer, writer.fields(), names).script()


def _has_nodes(common: Mapping[str, Any]) -> bool:
    parts: DuckDBParts | None = common["duckdb"]
    return parts is not None and parts.nodes is not None


def _sends_missing_left(program: Program) -> bool:
    typing = Typing.of(program)
    return any(swapped_features(one, typing) for one in ensembles_of(program).values())


def _role(role: str, dialect: Dialect) -> str:
    return "PUBLIC" if role.upper() == "PUBLIC" else dialect.identifier(role)


def _listed(parameters: Sequence[Parameter]) -> str:
    return ", ".join(f"{parameter.name} {parameter.type}" for parameter in parameters)


def check_version_name(name: str, version: int) -> None:
    """Refuse a model name that would need quotes, or a version that is not counted from 1.

    Raises:
        InputsError: the name is not small letters, digits and underscores, or is too long.
        LimitError: versions start at 1.
    """
    allowed = name.isascii() and name.isidentifier() and name == name.lower()
    longest = max(len(suffix) for suffix in ("_expit_each", "_margin_many"))
    if not allowed or len(f"{name}_v{version}") + longest > 63:
        raise InputsError(
            f"{name!r} cannot name a model",
            hint="use at most 40 small letters, digits and underscores, not starting with a digit",
        )
    if version < 1:
        raise LimitError(f"version {version} of {name}", hint="versions count from 1")
