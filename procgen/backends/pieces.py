"""The trees of a version's routines as pieces of the very text, each naming its node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from procgen.backends.printer import Printer
from procgen.backends.routines import RoutineWriter
from procgen.backends.stand_ins import StandIns, stand_ins
from procgen.backends.trees import Piece, TreePrinter
from procgen.ir.trees import Ensemble


@dataclass(frozen=True, slots=True)
class TreeText:
    """One tree of one sum: what is written before it, and its pieces."""

    binding: str
    tree: int
    mark: str
    pieces: list[Piece]

    @property
    def text(self) -> str:
        """What stands in the script."""
        return self.mark + "".join(piece.text for piece in self.pieces)


def tree_texts(writer: RoutineWriter, script: str) -> Iterator[TreeText]:
    """Every tree of every sum, in the order in which a routine adds them.

    What a script tests may be columns with stand-ins, or as they are: its first tree shows which.
    """
    shorter = _texts(writer, stand_ins(writer.program, writer.typing))
    usual = _texts(writer, {})
    first = next(shorter, None)
    if first is not None and first.text in script:
        yield first
        yield from shorter
    else:
        yield from usual


def _texts(writer: RoutineWriter, instead: StandIns) -> Iterator[TreeText]:
    dialect = writer.schema.dialect
    printer = Printer(
        dialect,
        writer.program,
        writer.typing,
        writer.columns(positional=False),
        stand_ins=instead,
    )
    for binding in writer.program.bindings:
        ensemble = binding.value
        if not isinstance(ensemble, Ensemble):
            continue
        trees = TreePrinter(dialect, ensemble, printer.subjects(ensemble))
        for output in range(len(ensemble.base_score)):
            for number, tree in enumerate(ensemble.trees):
                if output in tree.outputs:
                    pieces = trees.pieces(tree, output)
                    yield TreeText(binding.name, number, f"/* tree {number} */ ", pieces)
