"""CatBoost trees as flat ones: bit i of an oblivious tree's leaf number is the outcome of split i.

A split whose outcome an earlier one on the path decides is left out, and so is a split with the
same subtree on both sides: most leaves of a deep oblivious tree are empty, and alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from procgen.errors import UnsupportedModelError
from procgen.frontends.catboost_documents import Json, numbers, take
from procgen.ir.expressions import Membership, Test
from procgen.ir.trees import Leaf, Node, Split, Tree
from procgen.ir.types import Scalar


@dataclass(frozen=True, slots=True)
class BinarySplit:
    """A question about one feature of the ensemble, with the outcomes 0 and 1.

    `one_is_left` says whether 1 is the side of the IR on which the test holds.
    """

    feature: int
    test: Test
    default_left: bool
    one_is_left: bool

    def node(self, left: int, right: int) -> Split:
        """The split with its branches in place."""
        return Split(self.feature, self.test, self.default_left, left, right)


Subtree = tuple[int, int, int] | tuple[float, ...]
"""A split's number with the subtrees of its outcomes 0 and 1, or a leaf's values."""
Finder = Callable[[Json], BinarySplit]


def oblivious_tree(tree: Json, find: Finder, outputs: tuple[int, ...]) -> Tree:
    """An oblivious tree, without the splits that decide nothing."""
    splits = [find(split) for split in tree.get("splits") or ()]
    values = [float(value) for value in take(tree, "leaf_values", "a tree")]
    width = len(outputs)
    if len(values) != width << len(splits):
        raise UnsupportedModelError(
            f"a tree of this CatBoost model has {len(splits)} splits and {len(values)} leaf values",
            hint="save the model again with CatBoost 1.2 or newer",
        )
    leaves = [tuple(values[at : at + width]) for at in range(0, len(values), width)]
    forest = _Forest()
    return Tree(_flatten(splits, forest, _root(splits, leaves, forest)), outputs)


class _Forest:
    """Subtrees, each kept once, so that equal ones have one number."""

    def __init__(self) -> None:
        self.subtrees: list[Subtree] = []
        self.sizes: list[int] = []
        self._places: dict[str | Subtree, int] = {}

    def leaf(self, values: tuple[float, ...]) -> int:
        """The number of a leaf; 0.0 and -0.0 are different leaves."""
        return self._add(repr(values), values, 1)

    def branch(self, split: int, zero: int, one: int) -> int:
        """The number of a split with two subtrees."""
        if zero == one:
            return zero
        subtree = (split, zero, one)
        return self._add(subtree, subtree, 1 + self.sizes[zero] + self.sizes[one])

    def _add(self, key: str | Subtree, subtree: Subtree, size: int) -> int:
        place = self._places.setdefault(key, len(self.subtrees))
        if place == len(self.subtrees):
            self.subtrees.append(subtree)
            self.sizes.append(size)
        return place


def _root(
    splits: Sequence[BinarySplit], leaves: Sequence[tuple[float, ...]], forest: _Forest
) -> int:
    """Join the leaves level by level, the last split first."""
    outcomes = _outcomes(splits)
    level = [forest.leaf(values) for values in leaves]
    for place in reversed(range(len(splits))):
        earlier = [at for at in range(place) if splits[at].feature == splits[place].feature]
        half = 1 << place
        joined = []
        for prefix in range(half):
            outcome = _implied(outcomes, earlier, place, prefix) if earlier else None
            zero, one = level[prefix], level[prefix + half]
            if outcome is None:
                joined.append(forest.branch(place, zero, one))
            else:
                joined.append(one if outcome else zero)
        level = joined
    return level[0]


Cells = tuple[int, int]
"""The cells of a feature with the outcome 0, and those with 1, as sets of bits."""


def _outcomes(splits: Sequence[BinarySplit]) -> list[Cells]:
    """For each split the cells of its feature with either outcome.

    A cell is a range between two thresholds, a category, or all categories that are not named; the
    splits of one tree do not tell the values in a cell apart.
    """
    named: dict[int, set[Scalar]] = {}
    for split in splits:
        named.setdefault(split.feature, set()).update(_named(split.test))
    cells = {
        feature: {value: at for at, value in enumerate(sorted(values, key=_place))}
        for feature, values in named.items()
    }
    return [_cells_of(split, cells[split.feature]) for split in splits]


def _named(test: Test) -> tuple[Scalar, ...]:
    return test.categories if isinstance(test, Membership) else (test.value,)


def _place(value: Scalar) -> tuple[float, str]:
    return (value, "") if isinstance(value, float) else (0.0, repr(value))


def _cells_of(split: BinarySplit, cells: dict[Scalar, int]) -> Cells:
    everything = (1 << len(cells) + 1) - 1
    if isinstance(split.test, Membership):
        held = sum(1 << cells[category] for category in split.test.categories)
    else:
        held = (1 << cells[split.test.value] + 1) - 1
    other = everything ^ held
    return (other, held) if split.one_is_left else (held, other)


def _implied(
    outcomes: Sequence[Cells], earlier: Sequence[int], place: int, prefix: int
) -> int | None:
    """The outcome that those of the earlier splits leave, or None if they leave both."""
    zero, one = outcomes[place]
    possible = zero | one
    for at in earlier:
        possible &= outcomes[at][prefix >> at & 1]
    if possible & one:
        return None if possible & zero else 1
    return 0


def _flatten(splits: Sequence[BinarySplit], forest: _Forest, root: int) -> tuple[Node, ...]:
    """The nodes in preorder; a subtree that stands in two places is written twice."""
    nodes: list[Node] = []
    waiting = [root]
    while waiting:
        subtree = forest.subtrees[waiting.pop()]
        match subtree:
            case (int() as place, int() as zero, int() as one):
                split = splits[place]
                left, right = (one, zero) if split.one_is_left else (zero, one)
                here = len(nodes)
                nodes.append(split.node(here + 1, here + 1 + forest.sizes[left]))
                waiting += right, left
            case values:
                nodes.append(Leaf(tuple(map(float, values))))
    return tuple(nodes)


def nested_tree(tree: Json, find: Finder, outputs: tuple[int, ...]) -> Tree:
    """A tree of any shape, from nested nodes."""
    nodes: list[Json | BinarySplit] = []
    branches: list[list[int]] = []
    waiting: list[tuple[Json, int]] = [(tree, -1)]
    while waiting:
        node, parent = waiting.pop()
        here = len(nodes)
        if parent >= 0:
            branches[parent].append(here)
        branches.append([])
        if "value" in node:
            nodes.append(node)
            continue
        split = find(take(node, "split", "a node"))
        nodes.append(split)
        zero, one = take(node, "left", "a node"), take(node, "right", "a node")
        # What is taken off the list first, the left branch of the IR, is put on it last.
        waiting += [(zero, here), (one, here)] if split.one_is_left else [(one, here), (zero, here)]
    return Tree(tuple(map(_finished, nodes, branches)), outputs)


def _finished(node: Json | BinarySplit, branches: Sequence[int]) -> Node:
    match node:
        case BinarySplit():
            left, right = branches
            return node.node(left, right)
        case _:
            return Leaf(numbers(node["value"]))
