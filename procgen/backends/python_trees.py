"""A tree as one conditional expression of Python; a large one as nested ifs around such.

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
MOST_LEAVES = 64
"""Of one expression: Python reads expressions inside one another by recursion, and 200 brackets."""
MOST_LEVELS = 80
"""Nested ifs, of which Python takes 98; what lies deeper goes on behind, at the first level."""
SIGNS = {Comparison.LE: ("<=", ">"), Comparison.LT: ("<", ">=")}
"""What asks for the left side, and for the right."""
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


Waiting = list[tuple[int, int] | str]
"""Nodes, each with its level, and lines between them; the last is written next."""
Written = tuple[list[str], Waiting]
"""The lines of a node itself, and what is to be written behind them."""


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


@dataclass(frozen=True, slots=True)
class TreePrinter:
    """Prints the trees of one ensemble."""

    features: Sequence[Feature]

    def lines(self, tree: Tree, target: str) -> Iterator[str]:
        """The tree, and behind it the parts that lie too deep.

        Args:
            tree: whose leaves have one value, or more, which make a tuple.
            target: what takes the leaf, such as `total += `.
        """
        own = _Printing(tree, self.features, target, leaf_counts(tree), [0])
        for number, root in enumerate(own.parts):  # grows while it is read
            if number == 0:
                first = list(own.part(root, 0))
                if len(own.parts) > 1:
                    yield f"{PLACE} = 0"
                yield from first
            else:
                yield f"if {PLACE} == {number}:"
                yield from own.part(root, 1)


@dataclass(frozen=True, slots=True)
class _Printing:
    """A tree being printed; `leaves` has the leaves below each node, `parts` where to go on."""

    tree: Tree
    features: Sequence[Feature]
    target: str
    leaves: Sequence[int]
    parts: list[int]

    def part(self, root: int, level: int) -> Iterator[str]:
        """Statements from a root on; what lies too deep is added to the parts."""
        return _written(self._statement, root, level)

    def _statement(self, place: int, depth: int) -> Written:
        node, indent = self.tree.nodes[place], STEP * depth
        if isinstance(node, Leaf):
            return [f"{indent}{self.target}{_values(node)}"], []
        if self.leaves[place] <= MOST_LEAVES:
            expression = _written(self._conditional, place, depth + 1)
            return [f"{indent}{self.target}(", *expression, f"{indent})"], []
        if depth == MOST_LEVELS:
            self.parts.append(place)
            return [f"{indent}{PLACE} = {len(self.parts) - 1}"], []
        condition, then, otherwise = self._branch(node)
        below: Waiting = [(otherwise, depth + 1), f"{indent}else:", (then, depth + 1)]
        return [f"{indent}if {condition}:"], below

    def _conditional(self, place: int, depth: int) -> Written:
        """A leaf, or a condition and what stands on its two sides."""
        node, indent = self.tree.nodes[place], STEP * depth
        if isinstance(node, Leaf):
            return [indent + _values(node)], []
        condition, then, otherwise = self._branch(node)
        first = self.tree.nodes[then]
        if isinstance(first, Leaf):
            return [f"{indent}{_values(first)} if {condition} else"], [(otherwise, depth)]
        closing = f"{indent}) if {condition} else"
        return [f"{indent}("], [(otherwise, depth), closing, (then, depth + 1)]

    def _branch(self, node: Split) -> tuple[str, int, int]:
        """A condition, where its rows go and where the others go.

        The side with fewer leaves comes first, because what is skipped is a jump: Python joins a
        short one with the comparison, and a long one is an instruction of its own.
        """
        left_first = self.leaves[node.left] <= self.leaves[node.right]
        condition = _condition(node, self.features[node.feature], left_first=left_first)
        if left_first:
            return condition, node.left, node.right
        return condition, node.right, node.left


def _written(write: Callable[[int, int], Written], root: int, level: int) -> Iterator[str]:
    """All lines of a subtree: its root's, and then those of what stands below."""
    waiting: Waiting = [(root, level)]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, str):
            yield entry
            continue
        lines, below = write(*entry)
        yield from lines
        waiting += below


def _condition(node: Split, feature: Feature, *, left_first: bool) -> str:
    """True of the rows that go left, or of those that go right."""
    match node.test:
        case Threshold(_, _, DType.FLOAT32):
            raise InvalidProgramError("a float32 threshold reached Python: no pass widened it")
        case Threshold(op, value, _):
            # A comparison is false of NaN: it asks for the side to which missing values do not go.
            asks_right = node.default_left if feature.may_be_missing else not left_first
            sign = SIGNS[op][asks_right]
            test = f"{feature.name} {sign} {literal(value)}"
            return test if asks_right != left_first else f"not {test}"
        case Membership(categories):
            inside = f"{feature.name} in {among(categories)}"
            if node.default_left and feature.may_be_missing:
                inside = f"{feature.missing} or {inside}"
            return inside if left_first else f"not ({inside})"
        case _:
            assert_never(node.test)


def _values(leaf: Leaf) -> str:
    """A leaf's value; a tuple where it has more than one."""
    listed = ", ".join(map(literal, leaf.values))
    return listed if len(leaf.values) == 1 else f"({listed})"


def leaf_counts(tree: Tree) -> list[int]:
    """How many leaves lie below each node, itself among them."""
    counts = [1] * len(tree.nodes)
    for place in range(len(counts) - 1, -1, -1):
        node = tree.nodes[place]
        if isinstance(node, Split):
            counts[place] = counts[node.left] + counts[node.right]
    return counts


def among(categories: Sequence[Scalar]) -> str:
    """A set that Python keeps as a constant; the empty one has no literal."""
    return "{" + ", ".join(map(literal, categories)) + "}" if categories else "()"
