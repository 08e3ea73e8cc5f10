"""The variables of a PL/pgSQL routine: sums of trees in statements or loops, and shared values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.backends.node_loops import LoopPrinter, has_loop
from procgen.backends.printer import Printer
from procgen.backends.routine import NodeLoop, Total
from procgen.backends.sharing import Key
from procgen.ir.expressions import Reference
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType

TREES_A_STATEMENT = 20


@dataclass(frozen=True, slots=True)
class TotalsWriter:
    """Writes the variables of one routine; `taken` are names that its inputs have."""

    printer: Printer
    taken: frozenset[str]

    def totals(self, keys: Sequence[Key], *, loops: bool) -> tuple[Total, ...]:
        """Every variable, each after those that it is computed from."""
        if not loops:
            return tuple(self._total(key) for key in keys)
        node, numbers = self._free("node"), self._free("numbers")
        list_type = f"{self.printer.dialect.types[DType.FLOAT64]}[]"
        return (
            Total(node, "integer", "NULL"),
            Total(numbers, list_type, "NULL"),
            *self._looping(keys, node, numbers),
        )

    def _looping(self, keys: Sequence[Key], node: str, numbers: str) -> Iterator[Total]:
        """The loops of an ensemble stand with the first of its sums."""
        written: set[str] = set()
        for key in keys:
            ensemble = None if isinstance(key, str) else self._ensemble(key[0])
            if isinstance(key, str) or ensemble is None or not has_loop(ensemble):
                yield self._total(key)
                continue
            loops: list[NodeLoop] = []
            if key[0] not in written:
                written.add(key[0])
                subjects = self.printer.subjects(ensemble)
                writer = LoopPrinter(self.printer.dialect, ensemble, subjects, node, numbers)
                loops = writer.loops(self._sums(keys, key[0]))
            yield self._start(key[0], key[1], loops=tuple(loops))

    def _sums(self, keys: Sequence[Key], name: str) -> dict[int, str]:
        """The variable of each output of an ensemble."""
        sums = (key for key in keys if not isinstance(key, str) and key[0] == name)
        return {key[1]: self.printer.name_of(key) for key in sums}

    def _total(self, key: Key) -> Total:
        """A value, or a sum in statements."""
        printer, variable = self.printer, self.printer.name_of(key)
        if isinstance(key, str):
            kind = printer.dialect.type_name(printer.typing.type_of(Reference(key)))
            return Total(variable, kind, "NULL", (printer.definition(key),))
        _, *trees = printer.ensemble_terms(self._ensemble(key[0]), key[1])
        groups = tuple(
            "\n  + ".join((variable, *trees[first : first + TREES_A_STATEMENT]))
            for first in range(0, len(trees), TREES_A_STATEMENT)
        )
        return self._start(key[0], key[1], groups=groups)

    def _start(
        self,
        name: str,
        output: int,
        groups: tuple[str, ...] = (),
        loops: tuple[NodeLoop, ...] = (),
    ) -> Total:
        ensemble, dialect = self._ensemble(name), self.printer.dialect
        start = dialect.literal(ensemble.base_score[output], ensemble.accumulate)
        kind = dialect.types[ensemble.accumulate]
        return Total(self.printer.name_of((name, output)), kind, start, groups, loops)

    def _ensemble(self, name: str) -> Ensemble:
        found = self.printer.program.binding(name)
        if not isinstance(found, Ensemble):
            raise TypeError(f"{name} is not an ensemble")
        return found

    def _free(self, name: str) -> str:
        """The name, or the name and a number where an input has it."""
        names = (name, *(f"{name}_{number}" for number in range(1, len(self.taken) + 1)))
        return next(one for one in names if one not in self.taken)
