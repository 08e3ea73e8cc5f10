"""A lowered Program as routines of one database: one an output, and one a named function.

    margin   the trees or the weighted sum, once; plpgsql where one expression would be too large
    proba    the link of margin, or sums of its own
    predict  a decision over margin

A routine that reads columns tests first whether the row may be scored; the others inherit NULL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from procgen.backends.admission import admitted
from procgen.backends.dialect import Dialect
from procgen.backends.duckdb_lowerings import Use, walked
from procgen.backends.lowering import Lowering
from procgen.backends.names import fields_of_steps, variables, with_steps
from procgen.backends.postgres_lowerings import chosen, for_many, patience, possible
from procgen.backends.printer import Printer
from procgen.backends.routine import Halves, Parameter, Routine
from procgen.backends.sharing import Key, in_levels, in_order, shared_values
from procgen.backends.totals import TotalsWriter
from procgen.backends.walks import Walk, with_nodes
from procgen.backends.work import Work
from procgen.errors import LimitError
from procgen.ir.expressions import Call, Function, Reference
from procgen.ir.numpy_functions import NUMBER_FUNCTIONS
from procgen.ir.program import Action, Output, OutputName, Program
from procgen.ir.types import DType, ListType
from procgen.ir.typing import Typing
from procgen.ir.walk import descend, expressions

SUFFIXES = {OutputName.PREDICT: "", OutputName.PROBA: "_proba", OutputName.MARGIN: "_margin"}
ONE, MANY = "_one", "_many"
ROW_PARAMETER = "inputs"


@dataclass(frozen=True, slots=True)
class Schema:
    """Where the routines of one version live: `ml.churn_v3` and its companions."""

    dialect: Dialect
    schema: str
    name: str

    def qualified(self, suffix: str = "") -> str:
        """The quoted name of a routine or type of this version."""
        quote = self.dialect.identifier
        return f"{quote(self.schema)}.{quote(self.name + suffix)}"


@dataclass(frozen=True, slots=True)
class RoutineWriter:
    """Writes the routines of one Program.

    Attributes:
        in_python: leaves what reads columns to the kernel.
        lowering: what the trees become wherever that is possible; None for the usual choice.
    """

    program: Program
    schema: Schema
    typing: Typing
    in_python: bool = False
    lowering: Lowering | None = None

    @property
    def takes_row(self) -> bool:
        """Whether the inputs are more than the engine takes as arguments."""
        return len(self.program.inputs) > self.schema.dialect.target.max_arguments

    def fields(self) -> tuple[Parameter, ...]:
        """Every input as a name and a type.

        Raises:
            LimitError: more inputs than the database can pass.
        """
        dialect = self.schema.dialect
        if len(self.program.inputs) > dialect.target.max_inputs:
            raise LimitError(
                f"the model has {len(self.program.inputs)} inputs, and {dialect.name} passes at "
                f"most {dialect.target.max_inputs}",
                hint="drop the inputs that the model does not use and train again",
            )
        return tuple(
            Parameter(dialect.identifier(field.name), dialect.types[field.dtype])
            for field in self.program.inputs
        )

    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of every output's routine."""
        if not self.takes_row:
            return self.fields()
        row = self.schema.dialect.identifier(ROW_PARAMETER)
        return (Parameter(row, self.schema.qualified("_row")),)

    def routines(self) -> Iterator[Routine]:
        """Every routine, each after those it calls."""
        if self._has_raiser:
            yield self._raiser()
        yield from self._named_functions()
        position = {binding.name: place for place, binding in enumerate(self.program.bindings)}
        elsewhere: dict[str, str] = {}
        walks = self.walks()
        for output in sorted(self.program.outputs, key=lambda o: position[o.binding]):
            yield from self._of_output(output, elsewhere, walks)
            arguments = ", ".join(parameter.name for parameter in self.parameters())
            call = f"{self.schema.qualified(SUFFIXES[output.name])}({arguments})"
            elsewhere = {output.binding: call, **elsewhere}

    def walks(self) -> dict[str, Walk]:
        """The ensembles that the routines walk, whose nodes are a table of the version."""
        return walked(self.program, self.schema.dialect, Use.ROUTINE, self.lowering)

    @property
    def _has_raiser(self) -> bool:
        can_raise = self.schema.dialect.raising_routine is not None
        return can_raise and any(r.action is Action.ERROR for r in self.program.requirements)

    def _raiser(self) -> Routine:
        """A routine that raises its first argument; the second keeps it out of the planner."""
        dialect = self.schema.dialect
        text = dialect.types[DType.TEXT]
        message, cause = (Parameter(dialect.identifier(n), text) for n in ("message", "cause"))
        return Routine(
            name=self.schema.name + "_refuse",
            output=None,
            parameters=(message, cause),
            returns=dialect.types[DType.BOOL],
            value=message.name,
            raises=True,
        )

    def _named_functions(self) -> Iterator[Routine]:
        dialect = self.schema.dialect
        for function in self._used_functions():
            takes = DType.FLOAT64 if function in NUMBER_FUNCTIONS else ListType(DType.FLOAT64)
            argument = dialect.identifier("x" if function in NUMBER_FUNCTIONS else "items")
            yield Routine(
                name=f"{self.schema.name}_{function.value}",
                output=None,
                parameters=(Parameter(argument, dialect.type_name(takes)),),
                returns=dialect.type_name(_returns(function)),
                value=dialect.functions[function].format(argument),
            )

    def _used_functions(self) -> list[Function]:
        used = {
            part.function
            for expr in expressions(self.program)
            for part in descend(expr)
            if isinstance(part, Call) and part.function in self.schema.dialect.named
        }
        return sorted(used)

    def _of_output(
        self, output: Output, elsewhere: dict[str, str], walks: Mapping[str, Walk]
    ) -> Iterator[Routine]:
        """The routine of an output, after the two that it calls where it is adaptive."""
        dialect, root = self.schema.dialect, output.binding
        work = Work.of(self.typing, Reference(root), elsewhere)
        stem = self.schema.name + SUFFIXES[output.name]
        bare = Routine(
            stem, output.name, self.parameters(), dialect.type_name(output.type), "", cost=1000
        )
        if self.in_python and work.needs_admission:
            yield replace(bare, in_python=True)
            return
        bare = replace(bare, cost=max(100, work.visits))
        shared = shared_values(self.program, self.typing, root, elsewhere)
        among = possible(work, self.typing, dialect, needs_names=bool(shared))
        lowering = chosen(work, among, dialect, self.lowering)
        places = _Places(work, root, shared, elsewhere, walks)
        if lowering is not Lowering.ADAPTIVE:
            yield self._filled(bare, lowering, places)
            return
        one, many = replace(bare, name=stem + ONE), replace(bare, name=stem + MANY)
        yield self._filled(one, Lowering.LOOP, places)
        yield self._filled(many, for_many(work, among), places)
        yield replace(bare, halves=self._halves(output.name, patience(work.nodes)))

    def _halves(self, output: OutputName, seconds: float) -> Halves:
        names = (self.schema.qualified(SUFFIXES[output] + half) for half in (ONE, MANY))
        arguments = ", ".join(self._positional())
        return Halves(f"{seconds * 1e3:.0f} milliseconds", *(f"{n}({arguments})" for n in names))

    def _filled(self, bare: Routine, lowering: Lowering, places: _Places) -> Routine:
        """The routine with the text that computes its value."""
        work, walks, procedural = places.work, places.walks, lowering is not Lowering.EXPRESSION
        keys = in_order(self.program, (*places.shared, *work.sums)) if procedural else places.shared
        levels = () if procedural else in_levels(self.program, self.typing, keys, places.elsewhere)
        taken = frozenset(field.name.casefold() for field in self.program.inputs)
        names = variables(keys, taken) if procedural else fields_of_steps(levels, taken)
        printer = self._printer(places, names, positional=procedural)
        value = with_steps(printer, levels, printer.text(Reference(places.root)))
        needs, elsewhere = work.needs_admission, places.elsewhere
        asked, value = admitted(printer, places.root, elsewhere, value) if needs else ((), value)
        totals = TotalsWriter(printer, taken)
        return replace(
            bare,
            admission=asked,
            totals=totals.totals(keys, loops=lowering is Lowering.LOOP) if procedural else (),
            value=with_nodes(value, walks.values(), self.schema.qualified("_nodes")),
        )

    def _printer(
        self,
        places: _Places,
        names: Mapping[Key, str],
        *,
        positional: bool,
    ) -> Printer:
        return Printer(
            dialect=self.schema.dialect,
            program=self.program,
            typing=self.typing,
            columns=self.columns(positional=positional),
            elsewhere=places.elsewhere,
            sums={key: name for key, name in names.items() if isinstance(key, tuple)},
            shared={key: name for key, name in names.items() if isinstance(key, str)},
            named={
                function: self.schema.qualified(f"_{function.value}")
                for function in self.schema.dialect.named
            },
            raiser=self.schema.qualified("_refuse") if self._has_raiser else "",
            walks=places.walks,
        )

    def columns(self, *, positional: bool) -> dict[str, str]:
        """How each input is written; plpgsql reads some by their position."""
        quote = self.schema.dialect.identifier
        if self.takes_row:
            row = quote(ROW_PARAMETER)
            return {f.name: f"({row}).{quote(f.name)}" for f in self.program.inputs}
        columns = {field.name: quote(field.name) for field in self.program.inputs}
        if positional and "found" in columns:
            # plpgsql declares FOUND after the parameters, and the later name hides the earlier.
            columns["found"] = f"${list(columns).index('found') + 1}"
        return columns

    def _positional(self) -> list[str]:
        """Every parameter as plpgsql reads it."""
        if self.takes_row:
            return [self.schema.dialect.identifier(ROW_PARAMETER)]
        return list(self.columns(positional=True).values())


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the values of one output are computed: its own work, and what is elsewhere."""

    work: Work
    root: str
    shared: tuple[Key, ...]
    elsewhere: dict[str, str]
    walks: Mapping[str, Walk]


def _returns(function: Function) -> DType | ListType:
    if function in NUMBER_FUNCTIONS or function is Function.WEIGHTED_MEDIAN:
        return DType.FLOAT64
    return DType.INT64 if function is Function.ARGMAX else ListType(DType.FLOAT64)
