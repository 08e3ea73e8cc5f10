"""One tree as nested CASE, written with a stack; a tree too deep to parse is cut into pieces.

    CASE WHEN "age" <= 35.5e0
     THEN 0.25e0
     ELSE CASE WHEN "income" <= 1200e0 THEN -0.5e0 ELSE 0.125e0 END END

A node whose missing values go left is printed with its sides swapped, because a condition is
never true of a missing value (conditions.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from procgen.backends.conditions import failing, passing
from procgen.backends.dialect import Dialect
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType


@dataclass(frozen=True, slots=True)
class Subject:
    """A feature of an ensemble as SQL text."""

    text: str
    dtype: DType
    may_be_missing: bool


@dataclass(frozen=True, slots=True)
class TreePrinter:
    """Prints the trees of one ensemble."""

    dialect: Dialect
    ensemble: Ensemble
    subjects: Sequence[Subject]

    def text(self, tree: Tree, output: int) -> str:
        """The value that `tree` adds to `output`, as one expression."""
        position = tree.outputs.index(output)
        accumulate, literal = self.ensemble.accumulate, self.dialect.literal

        def leaf_text(leaf: Leaf) -> str:
            return literal(leaf.values[position], accumulate)

        return self._piece(tree, 0, leaf_text)

    def _piece(self, tree: Tree, root: int, leaf_text: Callable[[Leaf], str]) -> str:
        """The subtree at `root`: a nested CASE, or a CASE over the pieces below the depth limit."""
        below = _cut(tree, root, self.dialect.target.max_depth)
        values = self._nested(tree, root, leaf_text, dict.fromkeys(below, "NULL"))
        if not below:
            return values
        marks = {node: str(number) for number, node in enumerate(below)}
        which = self._nested(tree, root, lambda _: "-1", marks)
        pieces = (
            f"\nWHEN {mark} THEN {self._piece(tree, node, leaf_text)}"
            for node, mark in marks.items()
        )
        return f"CASE {which}{''.join(pieces)}\nELSE {values} END"

    def _nested(
        self, tree: Tree, root: int, leaf_text: Callable[[Leaf], str], cuts: dict[int, str]
    ) -> str:
        written: list[str] = []
        waiting: list[str | tuple[int, int]] = [(root, 1)]
        nodes = tree.nodes
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                written.append(item)
                continue
            position, level = item
            node = nodes[position]
            if isinstance(node, Leaf):
                written.append(leaf_text(node))
            elif cuts and position in cuts:
                written.append(cuts[position])
            else:
                condition, first, second = self._sides(node)
                line = " " if _both_leaves(nodes[first], nodes[second]) else "\n" + " " * level
                written.append(f"CASE WHEN {condition}{line}THEN ")
                waiting += (" END", (second, level + 1), f"{line}ELSE ", (first, level + 1))
        return "".join(written)

    def _sides(self, split: Split) -> tuple[str, int, int]:
        """A condition, the node where it is true, and the node where it is not or not known."""
        subject = self.subjects[split.feature]
        if subject.may_be_missing and split.default_left:
            other = failing(self.dialect, subject.text, subject.dtype, split.test)
            return other, split.right, split.left
        condition = passing(self.dialect, subject.text, subject.dtype, split.test)
        return condition, split.left, split.right


def _both_leaves(first: object, second: object) -> bool:
    return isinstance(first, Leaf) and isinstance(second, Leaf)


def _cut(tree: Tree, root: int, limit: int) -> list[int]:
    """The splits exactly `limit` levels below `root`, in preorder."""
    found: list[int] = []
    waiting = [(root, 0)]
    while waiting:
        position, level = waiting.pop()
        node = tree.nodes[position]
        if isinstance(node, Split):
            if level == limit:
                found.append(position)
            else:
                waiting += ((node.right, level + 1), (node.left, level + 1))
    return found
