"""Trees as the kernel reads them: level by level, the two children of a node side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from procgen.ir.expressions import Membership
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.kernels.features import Feature


def tree_lines(ensemble: Ensemble, features: Sequence[Feature]) -> Iterator[dict[str, Any]]:
    """One dictionary a tree.

    Keys, each with an entry for every node: `child` is the place of the left child, with the right
    one after it, and 0 for a leaf; `feature`, `test` and `left` (1 where missing values go left)
    are 0 for a leaf, and `value` is null for a node that is none. `outputs` is the tree's own.
    """
    numbers = {(feature.own, feature.is_table): feature for feature in features}
    for tree in ensemble.trees:
        yield _tree(tree, numbers)


def _tree(tree: Tree, features: dict[tuple[int, bool], Feature]) -> dict[str, Any]:
    packed: dict[str, list[Any]] = {
        key: [] for key in ("child", "feature", "test", "left", "value")
    }
    waiting = [0]
    for place in waiting:  # grows while it is read: level by level
        node = tree.nodes[place]
        for column, value in zip(
            packed.values(), _entry(node, len(waiting), features), strict=True
        ):
            column.append(value)
        if isinstance(node, Split):
            waiting += (node.left, node.right)
    return {**packed, "outputs": list(tree.outputs)}


def _entry(
    node: Node, child: int, features: dict[tuple[int, bool], Feature]
) -> tuple[int, int, Any, int, list[float] | None]:
    match node:
        case Leaf(values):
            return 0, 0, 0, 0, list(values)
        case Split(own, test, default_left, _, _):
            feature = features[own, isinstance(test, Membership)]
            return child, feature.number, feature.test(test), int(default_left), None
        case _:
            assert_never(node)
