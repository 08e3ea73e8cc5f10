"""One tree as nested CASE, written with a stack; a tree too deep to parse is cut into pieces.

    CASE WHEN "age" <= 35.5e0 THEN 0.25e0
     WHEN "income" <= 1200e0
     THEN CASE WHEN "age" <= 60e0 THEN -0.5e0 ELSE 0.5e0 END
     ELSE 0.125e0 END

Where a condition does not hold, the same CASE goes on: a CASE after ELSE would be one level more to
plan, and DuckDB would copy its values once more, a quarter of a row's time. A condition is never
true of a missing value (conditions.py), so that side is the one where missing values go. Where
nothing can be missing it is the higher one: of features that are never missing, and below a
condition that was true of the same feature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from procgen.backends.conditions import failing, passing
from procgen.backends.dialect import Dialect
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.ir.types import DType

Texts = Sequence[str | None]
"""For each node the text that ends the walk there, or None where it goes on."""


class Piece(NamedTuple):
    """Some text of a tree: the condition of the split `node`, or the value of all below `node`."""

    text: str
    node: int | None
    is_value: bool = False


class Waiting(NamedTuple):
    """A node to be written.

    Attributes:
        node: its place in the tree.
        level: how many CASEs it is in.
        opening: what stands before its condition.
        present: the features about which a condition is true here, as bits.
    """

    node: int
    level: int
    opening: str
    present: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A feature of an ensemble as SQL text; what may be missing is NULL, and may be NaN."""

    text: str
    dtype: DType
    may_be_missing: bool
    may_be_nan: bool


@dataclass(frozen=True, slots=True)
class TreePrinter:
    """Prints the trees of one ensemble."""

    dialect: Dialect
    ensemble: Ensemble
    subjects: Sequence[Subject]

    def text(self, tree: Tree, output: int) -> str:
        """The value that `tree` adds to `output`, as one expression."""
        return self._piece(tree, 0, self._leaves(tree, output))

    def pieces(self, tree: Tree, output: int) -> list[Piece]:
        """The same text in pieces, or as one piece of no node where the tree is cut."""
        leaves = self._leaves(tree, output)
        if _cut(tree, 0, leaves, self.dialect.target.max_depth):
            return [Piece(self._piece(tree, 0, leaves), None)]
        return self._written(tree, 0, leaves)

    def _leaves(self, tree: Tree, output: int) -> Texts:
        literal, accumulate = self.dialect.literal, self.ensemble.accumulate
        settled = _settled(tree, tree.outputs.index(output))
        return [None if value is None else literal(value, accumulate) for value in settled]

    def _piece(self, tree: Tree, root: int, leaves: Texts) -> str:
        """The subtree at `root`: a nested CASE, or a CASE over the pieces below the depth limit."""
        below = _cut(tree, root, leaves, self.dialect.target.max_depth)
        if not below:
            return self._nested(tree, root, leaves)
        values, marks = list(leaves), ["-1" if text else None for text in leaves]
        for number, node in enumerate(below):
            values[node], marks[node] = "NULL", str(number)
        pieces = (
            f"\nWHEN {number} THEN {self._piece(tree, node, leaves)}"
            for number, node in enumerate(below)
        )
        which, otherwise = self._nested(tree, root, marks), self._nested(tree, root, values)
        return f"CASE {which}{''.join(pieces)}\nELSE {otherwise} END"

    def _nested(self, tree: Tree, root: int, leaves: Texts) -> str:
        """The subtree at `root`, ending at every node that has a text in `leaves`."""
        return "".join([piece[0] for piece in self._written(tree, root, leaves)])

    def _written(self, tree: Tree, root: int, leaves: Texts) -> list[Piece]:
        heights = _heights(tree, leaves)
        written: list[Piece] = []
        waiting: list[str | Waiting] = [Waiting(root, 1, "CASE ", 0)]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                written.append(Piece(item, None))
                continue
            position, level, opening, present = item
            leaf = leaves[position]
            if leaf is not None:
                written.append(Piece(leaf, position, is_value=True))
                continue
            condition, first, second, feature = self._sides(tree.nodes[position], heights, present)
            line = "\n" + " " * level
            written += (Piece(f"{opening}WHEN ", None), Piece(condition, position))
            written.append(Piece(f"{line if heights[first] else ' '}THEN ", None))
            if heights[second]:
                waiting.append(Waiting(second, level, line, present))
            else:
                short = heights[position] == 1 and opening == "CASE "
                value = Waiting(second, level, "", present)
                waiting += (" END", value, f"{' ' if short else line}ELSE ")
            waiting.append(Waiting(first, level + 1, "CASE ", present | 1 << feature))
        return written

    def _sides(
        self, split: Node, heights: Sequence[int], present: int
    ) -> tuple[str, int, int, int]:
        """A condition, the nodes where it is true and where not, and the feature it is about."""
        if not isinstance(split, Split):
            raise TypeError("a leaf without a text")
        subject = self.subjects[split.feature]
        is_present = bool(present >> split.feature & 1)
        last_left = split.default_left
        if is_present or not subject.may_be_missing:
            last_left = heights[split.left] > heights[split.right]
        about = self.dialect, subject.text, subject.dtype, split.test
        if last_left:
            condition = failing(*about, may_be_nan=subject.may_be_nan and not is_present)
            return condition, split.right, split.left, split.feature
        return passing(*about), split.left, split.right, split.feature


def _heights(tree: Tree, leaves: Texts) -> list[int]:
    """For each node the most conditions below it, itself included; 0 of what has a text."""
    heights = [0] * len(tree.nodes)
    for place in reversed(range(len(tree.nodes))):
        node = tree.nodes[place]
        if leaves[place] is None and isinstance(node, Split):
            heights[place] = 1 + max(heights[node.left], heights[node.right])
    return heights


def _settled(tree: Tree, position: int) -> list[float | None]:
    """The value of each leaf, and of each split all of whose leaves have one value; else None.

    A tree that was grown for several classes often splits where one class's value does not change.
    """
    settled: list[float | None] = [None] * len(tree.nodes)
    for place in reversed(range(len(tree.nodes))):
        node = tree.nodes[place]
        if isinstance(node, Leaf):
            settled[place] = node.values[position]
        else:
            left, right = settled[node.left], settled[node.right]
            if left is not None and right is not None and _same(left, right):
                settled[place] = left
    return settled


def _same(left: float, right: float) -> bool:
    return left == right and math.copysign(1, left) == math.copysign(1, right)


def _cut(tree: Tree, root: int, leaves: Texts, limit: int) -> list[int]:
    """The splits exactly `limit` levels below `root`, in preorder."""
    found: list[int] = []
    waiting = [(root, 0)]
    while waiting:
        position, level = waiting.pop()
        node = tree.nodes[position]
        if leaves[position] is None and isinstance(node, Split):
            if level == limit:
                found.append(position)
            else:
                waiting += ((node.right, level + 1), (node.left, level + 1))
    return found
