"""What a lowering costs, as a sum over the shape of a model; every figure was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from procgen.ir.program import Program
from procgen.ir.remembered import remembered
from procgen.ir.trees import Ensemble, Leaf, depth
from procgen.ir.walk import ensembles_of


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a model is.

    Attributes:
        inputs: columns that it reads.
        trees: of all ensembles.
        splits: tests in all of its trees.
        leaves: of all trees.
        most_leaves: of its largest tree.
        deepest: splits on the longest path of any tree.
        visits: splits that a row meets at most, over all trees.
        levels: trees, each as deep as the deepest of its ensemble: what a walk takes that goes on
            until the last tree is at a leaf.
    """

    inputs: int
    trees: int
    splits: int
    leaves: int
    most_leaves: int
    deepest: int
    visits: int
    levels: int

    @classmethod
    def of(cls, program: Program) -> Shape:
        """Measure a Program."""
        return cls.of_ensembles(ensembles_of(program).values(), len(program.inputs))

    @classmethod
    def of_ensembles(cls, ensembles: Iterable[Ensemble], inputs: int) -> Shape:
        """Measure some ensembles."""
        measured = [sizes(ensemble) for ensemble in ensembles]
        leaves = [count for own, _ in measured for count in own]
        depths = [own for _, own in measured]
        return cls(
            inputs=inputs,
            trees=len(leaves),
            splits=sum(leaves) - len(leaves),
            leaves=sum(leaves),
            most_leaves=max(leaves, default=0),
            deepest=max((max(own, default=0) for own in depths), default=0),
            visits=sum(map(sum, depths)),
            levels=sum(len(own) * max(own, default=0) for own in depths),
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds: once a statement, whatever it scores, and for each row."""

    statement: float
    row: float

    def of(self, rows: int) -> float:
        """The seconds of a statement that scores some rows."""
        return self.statement + rows * self.row


@remembered
def sizes(ensemble: Ensemble) -> tuple[list[int], list[int]]:
    """The leaves of each tree, and its depth."""
    trees = ensemble.trees
    leaves = [sum(isinstance(node, Leaf) for node in tree.nodes) for tree in trees]
    return leaves, [depth(tree) for tree in trees]
