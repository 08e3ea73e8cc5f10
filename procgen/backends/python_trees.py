"""A tree as nested ifs of Python; Python refuses more than 98 of them inside one another.

A feature that may be missing is NaN or None: a comparison is false of NaN, so the test is turned
round where missing values go left, and a membership asks for what is missing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from procgen.errors import InvalidProgramError
from procgen.ir.expressions import Comparison, Membership, Threshold
from procgen.ir.trees import Leaf, Split, Tree
from procgen.ir.types import DType, Scalar

STEP = "  "
MOST_LEVELS = 80
"""Nested ifs; what lies deeper goes on behind the tree, at the first level."""
PLACE = "place"
"""The variable that says where a deep tree goes on."""


def literal(value: Scalar) -> str:
    """A value as Python reads it, in ASCII and without the dollar that would end the SQL text."""
    match value:
        case str():
            return ascii(value).replace("$", "\\x24")
        case float() if value != value:  # noqa: PLR0124 - true of NaN
            return "(1e999 - 1e999)"
        case float() if value in (float("inf"), float("-inf")):
            return "1e999" if value > 0 else "-1e999"
        case _:
            return repr(value)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature as the trees read it: a variable, whether it is a text, whether it is there."""

    name: str
    is_text: bool
    may_be_missing: bool

    @property
    def missing(self) -> str:
        """True where it is missing."""
        return f"{self.name} is None" if self.is_text else f"{self.name} != {self.name}"


Adding = Callable[[Leaf], str]
"""The statement that a leaf stands for."""


@dataclass(frozen=True, slots=True)
class TreePrinter:
    """Prints the trees of one ensemble."""

    features: Sequence[Feature]

    def lines(self, tree: Tree, adding: Adding) -> Iterator[str]:
        """The tree, and behind it the parts that lie too deep."""
        parts = [0]
        for number, root in enumerate(parts):  # grows while it is read
            if number == 0:
                first = list(self._part(tree, root, 0, adding, parts))
                if len(parts) > 1:
                    yield f"{PLACE} = 0"
                yield from first
            else:
                yield f"if {PLACE} == {number}:"
                yield from self._part(tree, root, 1, adding, parts)

    def _part(
        self, tree: Tree, root: int, level: int, adding: Adding, parts: list[int]
    ) -> Iterator[str]:
        """The nodes from a root on; those that lie too deep are added to the parts."""
        waiting: list[tuple[int, int] | str] = [(root, level)]
        while waiting:
            entry = waiting.pop()
            if isinstance(entry, str):
                yield entry
                continue
            place, depth = entry
            node, indent = tree.nodes[place], STEP * depth
            match node:
                case Leaf():
                    yield indent + adding(node)
                case Split() if depth == MOST_LEVELS:
                    parts.append(place)
                    yield f"{indent}{PLACE} = {len(parts) - 1}"
                case Split():
                    condition, then, otherwise = self._branch(node)
                    yield f"{indent}if {condition}:"
                    waiting += [(otherwise, depth + 1), f"{indent}else:", (then, depth + 1)]
                case _:
                    assert_never(node)

    def _branch(self, node: Split) -> tuple[str, int, int]:
        """A condition, where its rows go and where the others go, missing ones among them."""
        feature = self.features[node.feature]
        to_left = node.default_left and feature.may_be_missing
        match node.test:
            case Threshold(_, _, DType.FLOAT32):
                raise InvalidProgramError("a float32 threshold reached Python: no pass widened it")
            case Threshold(op, value, _) if to_left:
                sign = ">" if op is Comparison.LE else ">="
                return f"{feature.name} {sign} {literal(value)}", node.right, node.left
            case Threshold(op, value, _):
                sign = "<=" if op is Comparison.LE else "<"
                return f"{feature.name} {sign} {literal(value)}", node.left, node.right
            case Membership(categories):
                inside = f"{feature.name} in {among(categories)}"
                condition = f"{feature.missing} or {inside}" if to_left else inside
                return condition, node.left, node.right
            case _:
                assert_never(node.test)


def among(categories: Sequence[Scalar]) -> str:
    """A set that Python keeps as a constant; the empty one has no literal."""
    return "{" + ", ".join(map(literal, categories)) + "}" if categories else "()"
