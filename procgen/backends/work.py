"""What a routine computes itself, as against what it calls: the measure that shapes it."""

from __future__ import annotations

from dataclasses import dataclass

from procgen.backends.sharing import sums_of
from procgen.ir.expressions import Branch, Column, Expr, Fill, Match, Reference, Vector
from procgen.ir.trees import Ensemble, depth
from procgen.ir.typing import Typing
from procgen.ir.walk import children


@dataclass(frozen=True, slots=True)
class Work:
    """What one routine computes itself, as against what it calls.

    Attributes:
        sums: the sums of ensembles, by binding and output.
        nodes: tree nodes in its text.
        terms: terms of its longest sum of trees.
        visits: tree nodes that a row visits at most.
        needs_admission: whether its value could be anything but NULL for a refused row.
    """

    sums: tuple[tuple[str, int], ...]
    nodes: int
    terms: int
    visits: int
    needs_admission: bool

    @classmethod
    def of(cls, typing: Typing, expr: Expr, elsewhere: dict[str, str]) -> Work:
        """Measure an expression, through the references that are not elsewhere."""
        sums: dict[tuple[str, int], Ensemble] = {}
        reads = inherits = False
        waiting = [expr]
        seen: set[str] = set()
        while waiting:
            part = waiting.pop()
            found = sums_of(typing, part, elsewhere)
            if found:
                reads = True
                for key in found:
                    ensemble = typing.bindings[key[0]]
                    if key not in sums and isinstance(ensemble, Ensemble):
                        sums[key] = ensemble
                        waiting.extend(ensemble.features)
                continue
            reads = reads or _ignores_null(part)
            inherits = inherits or (isinstance(part, Reference) and part.name in elsewhere)
            if isinstance(part, Reference) and part.name not in (elsewhere.keys() | seen):
                seen.add(part.name)
                waiting.append(typing.bindings[part.name])  # type: ignore[arg-type]
            waiting.extend(children(part))
        trees = [[t for t in e.trees if index in t.outputs] for (_, index), e in sums.items()]
        return cls(
            sums=tuple(sorted(sums)),
            nodes=sum(len(tree.nodes) for group in trees for tree in group),
            terms=max((len(group) + 1 for group in trees), default=0),
            visits=sum(depth(tree) + 1 for group in trees for tree in group),
            # What is the same for every row would not be NULL by itself either.
            needs_admission=reads or not inherits,
        )


def _ignores_null(expr: Expr) -> bool:
    match expr:
        case Column() | Fill() | Match() | Vector():
            return True
        case Branch(subject, _, _, _, _):
            return not isinstance(subject, Reference)
        case _:
            return False
