"""Trees of any size, walked level by level: all rows of a block and some trees at once.

A node is one 64-bit number: which code it reads, up to which code it sends a row left, and where
its children stand, side by side. A leaf is its own child: every walk may take the longest's steps.
"""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.ranks import goes_right

WALKED_TREES = 16
WALKED_ROWS = 512
CUT, CHILD = 16, 40
LARGEST_CUT = (1 << (CHILD - CUT)) - 1


def levels_of(children):
    """How many nodes the longest way to a leaf passes."""
    levels = [0] * len(children)
    for node, child in enumerate(children):
        if child:
            levels[child] = levels[child + 1] = levels[node] + 1
    return max(levels)


def variant_codes(feature, variant):
    """For each code of a feature the code that a node sees; None where that is the same.

    For numbers that are missing and go left it is 0; for categories whether they go right.
    """
    match variant:
        case None:
            return None
        case "left":
            codes = np.arange(len(feature["listed"]) + 3, dtype=np.int32)
            codes[-1] = 0
            return codes
        case members, left:
            return goes_right(feature, list(members), missing_left=left).astype(np.int32)


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
        self.packed = self._packed(tests, children)
        # For NumPy with a sign, since that is what it takes places by: none is so large.
        self.nodes = self.packed.view(np.int64)
        self.starts = np.array(starts, dtype=np.int64)
        self.depths = np.array(depths, dtype=np.int64)
        self.values = self._leaf_values(trees, outputs, dtype)

    def _packed(self, tests, children):
        """The nodes; a leaf has the largest cut, which no code exceeds."""
        if len(self.sources) > 1 << CUT or max(2 * len(children), self.codes) > LARGEST_CUT:
            raise ValueError("a tree has more nodes or cuts than the kernel can tell apart")
        columns = np.array([column for column, _ in tests], dtype=np.uint64)
        cuts = [LARGEST_CUT if cut is None else cut for _, cut in tests]
        lower = np.array(cuts, dtype=np.uint64) << np.uint64(CUT) | columns
        return np.array(children, dtype=np.uint64) << np.uint64(CHILD) | lower

    def _test(self, tree, node, features):
        """Which column of codes a node reads, and the last code that goes left."""
        feature, test, left = tree["feature"][node], tree["test"][node], tree["left"][node]
        if features[feature]["kind"] == "category":
            return self._column(feature, (tuple(test), left), features), 0
        return self._column(feature, "left" if left else None, features), test

    def _column(self, feature, variant, features):
        key = (feature, variant)
        if key not in self.columns:
            self.columns[key] = len(self.sources)
            self.sources.append((feature, variant_codes(features[feature], variant)))
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
            np.bitwise_and(node, (1 << CUT) - 1, at)
            at *= rows
            at += row
            flat.take(at, None, code, "clip")
            np.right_shift(node, CHILD, at)
            node >>= CUT
            node &= LARGEST_CUT
            at += np.greater(code, node, right)
        for output, members, column in self.values:
            leaves, total = column.take(at), totals[output]
            for number in members:
                if trees.start <= number < trees.stop:
                    total += leaves[number - trees.start]

    def add_row(self, codes, totals):
        """Add the trees to the totals of one row; `codes` are plain integers."""
        line = [
            codes[feature] if table is None else table[codes[feature]]
            for feature, table in self.sources
        ]
        line, at = np.array(line or [0], dtype=np.int64), self.starts
        for _ in range(self.depths.max()):
            node = self.nodes.take(at)
            cut = (node >> CUT) & LARGEST_CUT
            at = (node >> CHILD) + (line.take(node & ((1 << CUT) - 1)) > cut)
        for output, members, column in self.values:
            leaves = column.take(at)
            if len(members) < len(leaves):
                leaves = leaves[members]
            leaves[0] += totals[output]
            totals[output] = np.add.accumulate(leaves)[-1]
