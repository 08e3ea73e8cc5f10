"""Trees of up to 64 leaves without walking: masks of the leaves that a feature's code leaves open.

Every node that sends a row right closes the leaves of its left side. The masks of all features are
ANDed, and of the leaves that stay open the first is the row's (QuickScorer, Lucchese et al., 2015).
"""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.ranks import goes_right

MOST_LEAVES = 64
MASKED_TREES = 128
"""Trees a group, so that the masks of a group stay in a processor's cache."""
BLOCK_BYTES = 1 << 18
# A power of two times such a number has another pattern in its highest bits for each power.
WORDS = {
    32: (np.uint32, 0x077CB531, 27),
    64: (np.uint64, 0x03F79D71B4CB0A89, 58),
}


def leaf_spans(children):
    """For each node of a tree, its first leaf and the one after its last, counted from the left."""
    count = len(children)
    leaves = [0 if child else 1 for child in children]
    for node in range(count - 1, -1, -1):
        if children[node]:
            leaves[node] = leaves[children[node]] + leaves[children[node] + 1]
    first = [0] * count
    for node in range(count):
        if children[node]:
            first[children[node]] = first[node]
            first[children[node] + 1] = first[node] + leaves[children[node]]
    return first, leaves


class Masks:
    """A group of trees as one table of masks: a row for each code of each feature."""

    def __init__(self, trees, features, outputs, dtype):
        spans = [leaf_spans(tree["child"]) for tree in trees]
        self.bits = 32 if max(leaves[0] for _, leaves in spans) <= 32 else 64
        self.word, multiplier, self.shift = WORDS[self.bits]
        self.multiplier, self.word_shift = self.word(multiplier), self.word(self.shift)
        self.count = len(trees)
        rights = self._rights(trees, features, spans)
        self.features = sorted(rights)
        self.places, parts, start = {}, [], 0
        for feature in self.features:
            part = self._feature_masks(rights[feature])
            # Codes between two cuts of this group have one row.
            part, places = np.unique(part, axis=0, return_inverse=True)
            self.places[feature] = places.reshape(-1) + start
            parts.append(part)
            start += len(part)
        self.row_places = [(feature, self.places[feature].tolist()) for feature in self.features]
        full = np.full((1, self.count), ~self.word(0))
        self.table = np.ascontiguousarray(np.concatenate([*parts, full]))
        self.values = self._leaf_values(trees, spans, outputs, dtype)
        self.block = max(64, BLOCK_BYTES // (self.count * self.table.itemsize))

    def _rights(self, trees, features, spans):
        """For each feature: which tree, which leaves a node closes, and for which codes."""
        found = {}
        for number, (tree, (first, leaves)) in enumerate(zip(trees, spans, strict=True)):
            for node, child in enumerate(tree["child"]):
                if child:
                    feature = tree["feature"][node]
                    closed = (1 << (first[child] + leaves[child])) - (1 << first[child])
                    right = goes_right(
                        features[feature], tree["test"][node], missing_left=tree["left"][node]
                    )
                    found.setdefault(feature, []).append((number, closed, right))
        return found

    def _feature_masks(self, nodes):
        masks = np.full((len(nodes[0][2]), self.count), ~self.word(0))
        for number, closed, right in nodes:
            masks[right, number] &= ~self.word(closed)
        return masks

    def _leaf_values(self, trees, spans, outputs, dtype):
        """For each output: the trees that add to it, and their values by the hash of a leaf."""
        found = []
        for output in range(outputs):
            members, tables = [], []
            for number, tree in enumerate(trees):
                if output in tree["outputs"]:
                    column = tree["outputs"].index(output)
                    members.append(number)
                    tables.append(self._by_hash(tree, spans[number][0], column, dtype))
            if members:
                whole = None if len(members) == self.count else np.array(members)
                offsets = np.arange(len(members), dtype=np.intp) * self.bits
                found.append((output, whole, offsets, np.concatenate(tables)))
        return found

    def _by_hash(self, tree, first, column, dtype):
        values = np.zeros(self.bits, dtype=dtype)
        for node, child in enumerate(tree["child"]):
            if not child:
                # As an array: of a lone number NumPy would warn that the product is too large.
                leaf = self.hash_of(np.array([1 << first[node]], dtype=self.word))
                values[leaf] = tree["value"][node][column]
        return values

    def hash_of(self, lowest):
        """The place of a word with one bit among the leaf values of its tree."""
        return (lowest * self.multiplier) >> self.word_shift

    def add(self, codes, totals):
        """Add the group's trees to the totals of a block of rows, tree by tree."""
        rows = len(totals[0])
        for start in range(0, rows, self.block):
            part = slice(start, min(start + self.block, rows))
            self._add_block({f: codes[f][part] for f in self.features}, totals, part)

    def _add_block(self, codes, totals, part):
        size = part.stop - part.start
        open_leaves = np.empty((size, self.count), dtype=self.word)
        open_leaves[:] = self.table[-1]
        own = np.empty_like(open_leaves)
        for feature in self.features:
            places = self.places[feature].take(codes[feature])
            np.take(self.table, places, axis=0, out=own, mode="clip")
            np.bitwise_and(open_leaves, own, out=open_leaves)
        self._add_leaves(open_leaves, totals, part)

    def _add_leaves(self, open_leaves, totals, part):
        lowest = np.bitwise_and(open_leaves, np.negative(open_leaves))
        hashes = self.hash_of(lowest).astype(np.intp)
        for output, members, offsets, values in self.values:
            mine = hashes if members is None else hashes[:, members]
            leaves = values.take(mine + offsets)
            leaves[:, 0] += totals[output][part]
            # accumulate() adds one after the other; sum() would not.
            totals[output][part] = np.add.accumulate(leaves, axis=1)[:, -1]

    def add_row(self, codes, totals):
        """Add the group's trees to the totals of one row; `codes` are plain integers."""
        places = [own[codes[feature]] for feature, own in self.row_places]
        open_leaves = np.bitwise_and.reduce(self.table.take(places, axis=0), axis=0)
        if not places:
            open_leaves = self.table[-1]
        hashes = self.hash_of(open_leaves & -open_leaves).astype(np.intp)
        for output, members, offsets, values in self.values:
            mine = hashes if members is None else hashes[members]
            leaves = values.take(mine + offsets)
            leaves[0] += totals[output]
            totals[output] = np.add.accumulate(leaves)[-1]
