"""The trees of a version's routines as pieces of the very text, each naming its node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from procgen.backends.printer import Printer
from procgen.backends.routines import RoutineWriter
from procgen.backends.trees import Piece, Subject, TreePrinter
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


def tree_texts(writer: RoutineWriter) -> Iterator[TreeText]:
    """Every tree of every sum, in the order in which a routine adds them."""
    dialect = writer.schema.dialect
    printer = Printer(dialect, writer.program, writer.typing, writer.columns(positional=False))
    for binding in writer.program.bindings:
        ensemble = binding.value
        if not isinstance(ensemble, Ensemble):
            continue
        typing = writer.typing
        subjects = [
            Subject(printer.text(one), typing.item_type(one), typing.may_be_missing(one))
            for one in ensemble.features
        ]
        trees = TreePrinter(dialect, ensemble, subjects)
        for output in range(len(ensemble.base_score)):
            for number, tree in enumerate(ensemble.trees):
                if output in tree.outputs:
                    pieces = trees.pieces(tree, output)
                    yield TreeText(binding.name, number, f"/* tree {number} */ ", pieces)
