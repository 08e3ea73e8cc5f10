"""Trees of any size, walked level by level: all rows of a block and some trees at once.

A node is one 64-bit number: which code it reads, up to which code it sends a row left, and where
its children stand, side by side. A leaf is its own child: every walk may take the longest's steps.
"""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.ranks import goes_right

WALKED_TREES = 16
WALKED_ROWS = 512
CHILD_SHIFT = 32


def levels_of(children):
    """How many nodes the longest way to a leaf passes."""
    levels = [0] * len(children)
    for node, child in enumerate(children):
        if child:
            levels[child] = levels[child + 1] = levels[node] + 1
    return max(levels)


class Walks:
    """Trees as packed nodes: the column of codes in the lowest bits, the cut, and the child."""

    def __init__(self, trees, features, outputs, dtype):
        self.columns, self.sources = {}, []
        self.codes = max((len(feature["listed"]) + 3 for feature in features), default=0)
        starts, depths, tests, children = [], [], [], []
        for tree in trees:
            starts.append(len(children))
            for node, child in enumerate(tree["child"]):
                tests.append(self._test(tree, node, features) if child else (0, None))
                children.append(starts[-1] + (child or node))
            depths.append(levels_of(tree["child"]))
        self.nodes = self._packed(tests, children)
        self.starts = np.array(starts, dtype=np.int64)
        self.depths = np.array(depths, dtype=np.int64)
        self.values = self._leaf_values(trees, outputs, dtype)

    def _packed(self, tests, children):
        """The nodes; a leaf has the largest cut, which no code exceeds."""
        self.cut_shift = len(self.sources).bit_length()
        self.last_column = (1 << self.cut_shift) - 1
        self.last_cut = (1 << (CHILD_SHIFT - self.cut_shift)) - 1
        if self.codes > self.last_cut:
            raise ValueError("a feature has more cuts than a node of this model can tell apart")
        columns = np.array([column for column, _ in tests], dtype=np.int64)
        cuts = [self.last_cut if cut is None else cut for _, cut in tests]
        cuts = np.array(cuts, dtype=np.int64)
        children = np.array(children, dtype=np.int64)
        return children << CHILD_SHIFT | cuts << self.cut_shift | columns

    def _test(self, tree, node, features):
        """Which column of codes a node reads, and the last code that goes left."""
        feature, test, left = tree["feature"][node], tree["test"][node], tree["left"][node]
        if features[feature]["kind"] == "category":
            right = goes_right(features[feature], test, missing_left=left)
            return self._column(feature, (tuple(test), left), right.astype(np.int32)), 0
        if not left:
            return self._column(feature, None, None), test
        codes = np.arange(len(features[feature]["listed"]) + 3, dtype=np.int32)
        codes[-1] = 0
        return self._column(feature, "left", codes), test

    def _column(self, feature, variant, table):
        key = (feature, variant)
        if key not in self.columns:
            self.columns[key] = len(self.sources)
            self.sources.append((feature, table))
        return self.columns[key]

    def _leaf_values(self, trees, outputs, dtype):
        """For each output: the trees that add to it, and the value at each node."""
        found = []
        for output in range(outputs):
            members, values = [], []
            for number, tree in enumerate(trees):
                if output in tree["outputs"]:
                    members.append(number)
                    place = tree["outputs"].index(output)
                    values += [own[place] if own else 0.0 for own in tree["value"]]
                else:
                    values += [0.0] * len(tree["value"])
            if members:
                found.append((output, members, np.array(values, dtype=dtype)))
        return found

    def add(self, codes, totals):
        """Add the trees to the totals of a block of rows, tree by tree."""
        rows = totals.shape[1]
        for start in range(0, rows, WALKED_ROWS):
            part = slice(start, min(start + WALKED_ROWS, rows))
            lines = self.lines(codes, part)
            for first in range(0, len(self.starts), WALKED_TREES):
                self._add_part(lines, slice(first, first + WALKED_TREES), totals[:, part])

    def lines(self, codes, part):
        """The codes that nodes read, a line for each column."""
        lines = np.zeros((max(1, len(self.sources)), part.stop - part.start), dtype=np.int32)
        for line, (feature, table) in zip(lines, self.sources, strict=True):
            own = codes[feature][part]
            line[:] = own if table is None else table.take(own)
        return lines

    def _add_part(self, lines, trees, totals):
        """Add some trees: each row goes down one level a step."""
        rows = lines.shape[1]
        at = np.repeat(self.starts[trees, None], rows, axis=1)
        node, code = np.empty_like(at), np.empty(at.shape, dtype=lines.dtype)
        right = np.empty(at.shape, dtype=bool)
        flat, row = lines.reshape(-1), np.arange(rows)
        for _ in range(self.depths[trees].max()):
            self.nodes.take(at, None, node, "clip")
            np.bitwise_and(node, self.last_column, at)
            at *= rows
            at += row
            flat.take(at, None, code, "clip")
            np.right_shift(node, CHILD_SHIFT, at)
            node >>= self.cut_shift
            node &= self.last_cut
            at += np.greater(code, node, right)
        for output, members, column in self.values:
            leaves = column.take(at)
            for number in members:
                if trees.start <= number < trees.stop:
                    totals[output] += leaves[number - trees.start]

    def add_row(self, codes, totals):
        """Add the trees to the totals of one row; `codes` are plain integers."""
        line = [
            codes[feature] if table is None else table[codes[feature]]
            for feature, table in self.sources
        ]
        line, at = np.array(line or [0], dtype=np.int64), self.starts
        for _ in range(self.depths.max()):
            node = self.nodes.take(at)
            cut = (node >> self.cut_shift) & self.last_cut
            at = (node >> CHILD_SHIFT) + (line.take(node & self.last_column) > cut)
        for output, members, column in self.values:
            leaves = column.take(at)
            if len(members) < len(leaves):
                leaves = leaves[members]
            leaves[0] += totals[output]
            totals[output] = np.add.accumulate(leaves)[-1]
