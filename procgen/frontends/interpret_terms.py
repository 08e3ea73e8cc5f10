"""A table of scores as a tree that finds the cell by halving, and stops where all cells agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procgen.ir.expressions import Comparison, Threshold
from procgen.ir.trees import Leaf, Node, Split, Tree

Block = tuple[range, ...]
"""The bins along each axis that are still possible."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Bins of one feature: bin 0 holds what is missing, `starts[i]` is where bin `i + 1` starts."""

    feature: int
    starts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Scores by bins, with one more axis for the outputs."""

    axes: tuple[Axis, ...]
    scores: np.ndarray


def tree_of(table: Table) -> Tree:
    """The table as a tree in preorder."""
    bits = np.ascontiguousarray(table.scores).view(np.int64)  # -0.0 is not 0.0
    changes = [_changes(bits, axis, len(bounds.starts)) for axis, bounds in enumerate(table.axes)]
    made: list[tuple[int, int] | Leaf] = []
    children: list[list[int]] = []
    waiting = [(tuple(range(len(axis.starts) + 1) for axis in table.axes), -1)]
    while waiting:
        block, parent = waiting.pop()
        here = len(made)
        if parent >= 0:
            children[parent].append(here)
        children.append([])
        cut = _middle_change(bits, block, changes)
        if cut is None:
            cell = table.scores[tuple(bins.start for bins in block)]
            made.append(Leaf(tuple(cell.tolist())))
            continue
        made.append(cut)
        below, above = _halves(block, *cut)
        waiting += (above, here), (below, here)  # the lower half is popped, so numbered, first
    nodes = (_node(table, node, below) for node, below in zip(made, children, strict=True))
    return Tree(tuple(nodes), tuple(range(table.scores.shape[-1])))


def _node(table: Table, node: tuple[int, int] | Leaf, children: list[int]) -> Node:
    if isinstance(node, Leaf):
        return node
    axis, bin_ = node
    test = Threshold(Comparison.LT, table.axes[axis].starts[bin_ - 1])
    left, right = children
    # Nothing is below -inf: that test tells what is missing from what is not.
    return Split(table.axes[axis].feature, test, default_left=True, left=left, right=right)


def _changes(bits: np.ndarray, axis: int, last: int) -> np.ndarray:
    """The bins of an axis, up to the last that is ever reached, that differ from the one before."""
    rows = np.moveaxis(bits, axis, 0)
    rows = rows.reshape(len(rows), -1)[: last + 1]
    return np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1)) + 1


def _middle_change(
    bits: np.ndarray, block: Block, changes: list[np.ndarray]
) -> tuple[int, int] | None:
    """The axis and the bin at which to halve; None where every cell holds the same."""
    cells = bits[tuple(slice(bins.start, bins.stop) for bins in block)]
    if (cells == cells[(slice(0, 1),) * len(block)]).all():
        return None
    inside = [
        (axis, found[(found > bins.start) & (found < bins.stop)])
        for axis, (bins, found) in enumerate(zip(block, changes, strict=True))
    ]
    axis, found = max(inside, key=lambda pair: len(pair[1]))
    return axis, int(found[len(found) // 2])


def _halves(block: Block, axis: int, cut: int) -> tuple[Block, Block]:
    bins = block[axis]
    before, after = block[:axis], block[axis + 1 :]
    below, above = range(bins.start, cut), range(cut, bins.stop)
    return (*before, below, *after), (*before, above, *after)
