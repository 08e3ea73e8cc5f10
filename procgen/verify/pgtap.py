"""A version's cases as a pgTAP test: pg_prove runs it where neither procgen nor Python is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from procgen.artifacts.fixtures import Fixture, bounded
from procgen.artifacts.templates import render
from procgen.backends import dialect_named
from procgen.backends.calls import call
from procgen.backends.copying import copy_field
from procgen.backends.routines import SUFFIXES, RoutineWriter
from procgen.backends.select import SelectWriter
from procgen.ir.interpreter import interpret
from procgen.ir.program import Output
from procgen.ir.stumps import free_ensembles
from procgen.ir.types import DType, ListType
from procgen.migrations.facades import facade_states, model_states
from procgen.migrations.header import ModelVersion
from procgen.migrations.project import Project
from procgen.migrations.sums import refuse_sum_problems
from procgen.migrations.writing import FileSet
from procgen.passes import lower
from procgen.verify.bits import same_bits
from procgen.verify.compare import Judge
from procgen.verify.parity import database_report, require_parity
from procgen.verify.scoring import routine_writer
from procgen.verify.tally import numbered
from procgen.verify.testing import Suite

LAYOUT = "pgtap"
ENGINE = "postgres"
COMMAND = "pg_prove -d DATABASE *.sql"
PUBLIC = ("PUBLIC",)


def pgtap_files(project: Project, folder: Path) -> FileSet:
    """A test for each version that is not retired, not yet written.

    Raises:
        ProjectError: the files of a version are not in order.
        ParityError: the SQL of a version would not answer as Python did.
    """
    refuse_sum_problems(project.folder(ENGINE))
    states = model_states(project.migrations(ENGINE))
    live = [version for version, state in states.items() if state != "retired"]
    return FileSet(
        replaced=tuple(
            (folder / f"{version.name}_v{version.version}.sql", _script(project, version).encode())
            for version in live
        )
    )


def _script(project: Project, version: ModelVersion) -> str:
    suite = Suite.of(project, version)
    lowered = lower(suite.program, dialect_named(ENGINE).target)
    rows = suite.cases.rows
    answers = interpret(lowered, rows), suite.cases.answers
    report = database_report(Judge(suite.program), lowered, "", numbered(rows), answers)
    require_parity(report, f"the compiled {version.name} v{version.version}")
    facades = [
        (state.name, state.roles or PUBLIC)
        for state in facade_states(project.migrations(ENGINE)).values()
        if version in state.serves
    ]
    names = [(f"{version.name}_v{version.version}", project.roles or PUBLIC), *facades]
    writers = [
        (routine_writer(lowered, ENGINE, project.schema, name), roles) for name, roles in names
    ]
    is_exact = not free_ensembles(suite.program)
    return _TestWriter(tuple(writers), bounded(lowered, suite.cases.rows), is_exact).script()


@dataclass(frozen=True, slots=True)
class _TestWriter:
    """Fills the template; the first of `writers` is the version, the others are its facades."""

    writers: tuple[tuple[RoutineWriter, Sequence[str]], ...]
    cases: tuple[Fixture, ...]
    is_exact: bool

    @property
    def version(self) -> RoutineWriter:
        return self.writers[0][0]

    def script(self) -> str:
        scores = "Python's scores" if self.is_exact else "the scores they must have"
        routines = [
            entry
            for writer, roles in self.writers
            for entry in self._routines(writer, roles, is_version=writer is self.version)
        ]
        checks = [
            self._check(writer, output) for writer, _ in self.writers for output in self.outputs
        ]
        return render(
            ENGINE,
            "pgtap",
            title=f"{self.version.schema.name}: {len(self.cases):,} rows with {scores}.",
            plan=sum(5 + len(one["roles"]) for one in routines) + len(checks),
            schema=self._text(self.version.schema.schema),
            routines=routines,
            columns=list(self._columns()),
            cases=[self._case(number, case) for number, case in enumerate(self.cases)],
            checks=checks,
        )

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.version.program.outputs

    def _routines(
        self, writer: RoutineWriter, roles: Sequence[str], *, is_version: bool
    ) -> list[dict[str, list[str] | str]]:
        """What is asked of each routine; a facade may move, so it is STABLE and plain SQL."""
        procedural = {
            routine.output for routine in writer.routines() if is_version and routine.totals
        }
        types = [parameter.type for parameter in writer.parameters()]
        # A type of ours by way of regtype: pgTAP compares names as the server prints them.
        cast = "::regtype::text" if writer.takes_row else ""
        arguments = ", ".join(self._text(kind) + cast for kind in types)
        return [
            {
                "name": self._text(writer.schema.name + SUFFIXES[output.name]),
                "arguments": f"ARRAY[{arguments}]",
                "returns": self._text(writer.schema.dialect.type_name(output.type)),
                "volatility": "immutable" if is_version else "stable",
                "language": "plpgsql" if output.name in procedural else "sql",
                "roles": [self._text("public" if role == "PUBLIC" else role) for role in roles],
            }
            for output in self.outputs
        ]

    def _columns(self) -> list[str]:
        fields = [f"{field.name} {field.type}" for field in self.version.fields()]
        columns = [f"{self._own('row')} integer", *fields]
        for output in self.outputs:
            kind = self.version.schema.dialect.type_name(output.type)
            columns += [f"{name} {kind}" for name in self._bounds(output)]
        return columns

    def _case(self, number: int, case: Fixture) -> list[str]:
        cells = [str(number), *(copy_field(value) for value in case.row)]
        for output in self.outputs:
            bounds = case.bounds[output.name]
            cells += [copy_field(bound) for bound in bounds[: len(self._bounds(output))]]
        return cells

    def _bounds(self, output: Output) -> list[str]:
        """The columns of a score's bounds: one where each is exact to the bit."""
        names = [self._own(f"{side}_{output.name.value}") for side in ("low", "high")]
        pairs = (case.bounds[output.name] for case in self.cases)
        return names[:1] if all(same_bits(low, high) for low, high in pairs) else names

    def _check(self, writer: RoutineWriter, output: Output) -> dict[str, str]:
        low, *high = self._bounds(output)
        query = render(
            ENGINE,
            "pgtap_check",
            row=self._own("row"),
            call=call(writer, output.name),
            got=self._own(f"got_{output.name.value}"),
            low=low,
            high=high[0] if high else None,
            inputs=[field.name for field in writer.fields()],
            is_list=isinstance(output.type, ListType),
        )
        name = f"{writer.schema.schema}.{writer.schema.name}{SUFFIXES[output.name]}"
        exact = "within its bounds" if high or not self.is_exact else "to the bit"
        title = f"{name} answers {len(self.cases):,} rows as Python did, {exact}"
        return {"query": self._text(query.strip()), "title": self._text(title)}

    def _text(self, text: str) -> str:
        return self.version.schema.dialect.literal(text, DType.TEXT).removesuffix("::text")

    def _own(self, name: str) -> str:
        writer = self.version
        return SelectWriter(writer.program, writer.schema.dialect, writer.typing).own_column(name)
