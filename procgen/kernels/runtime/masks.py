"""Trees of up to 64 leaves without walking: masks of the leaves that a feature's code leaves open.

Every node that sends a row right closes the leaves of its left side. The masks of all features are
ANDed, and of the leaves that stay open the first is the row's (QuickScorer, Lucchese et al., 2015).
"""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.joints import Joints
from procgen.kernels.runtime.ranks import goes_right

SUMMED_ROWS = 2048
# A power of two times such a number has another pattern in its highest bits for each power.
WORDS = {
    8: (np.uint8, 0x17, 5),
    16: (np.uint16, 0x09AF, 12),
    32: (np.uint32, 0x077CB531, 27),
    64: (np.uint64, 0x03F79D71B4CB0A89, 58),
}


def word_bits(tree):
    """The bits of the smallest word with one for each leaf; None where there are too many."""
    leaves = tree["child"].count(0)
    return next((bits for bits in WORDS if leaves <= bits), None)


def leaf_spans(children):
    """For each node of a tree, its first leaf and how many it has, counted from the left."""
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
    """A group of trees as one table of masks: some rows for each feature, and one all open."""

    def __init__(self, trees, features, outputs, dtype):
        spans = [leaf_spans(tree["child"]) for tree in trees]
        self.bits = max(word_bits(tree) for tree in trees)
        self.word, multiplier, shift = WORDS[self.bits]
        self.multiplier, self.shift = self.word(multiplier), self.word(shift)
        self.width = -(-len(trees) // 8) * 8
        nodes = self._nodes(trees, spans)
        self.features = sorted(nodes)
        self.places, parts, start = {}, [], 0
        for feature in self.features:
            listed = features[feature]["kind"] == "category"
            made = self._category_masks if listed else self._number_masks
            part, places = made(features[feature], nodes[feature])
            self.places[feature] = places + start
            parts.append(part)
            start += len(part)
        self.row_places = [(feature, self.places[feature].tolist()) for feature in self.features]
        self.table = np.concatenate([*parts, self._open(1)])
        self.count, self.joints = len(trees), None
        self.entries, self.values = self._leaf_values(trees, spans, dtype)
        self.members = [self._members(output) for output in range(outputs)]

    def _open(self, rows):
        return np.full((rows, self.width), ~self.word(0))

    def _nodes(self, trees, spans):
        """For each feature: which tree, the leaves that a node closes as a mask, and its test."""
        found = {}
        for number, (tree, (first, leaves)) in enumerate(zip(trees, spans, strict=True)):
            for node, child in enumerate(tree["child"]):
                if child:
                    closed = (1 << (first[child] + leaves[child])) - (1 << first[child])
                    test, left = tree["test"][node], tree["left"][node]
                    entry = number, ~self.word(closed), test, left
                    found.setdefault(tree["feature"][node], []).append(entry)
        return found

    def _number_masks(self, feature, nodes):
        """A row for each span of codes between two cuts of this group, and one for missing."""
        tests = sorted({test for _, _, test, _ in nodes})
        known = {test: place for place, test in enumerate(tests)}
        masks = self._open(len(tests) + 2)
        for number, kept, test, left in nodes:
            masks[known[test] + 1 : -1, number] &= kept
            if not left:
                masks[-1, number] &= kept
        count = len(feature["listed"])
        places = np.searchsorted(tests, np.arange(count + 3))
        places[count + 2] = len(tests) + 1
        return masks, places

    def _category_masks(self, feature, nodes):
        masks = self._open(len(feature["listed"]) + 3)
        for number, kept, test, left in nodes:
            masks[goes_right(feature, test, missing_left=left), number] &= kept
        masks, places = np.unique(masks, axis=0, return_inverse=True)
        return masks, places.reshape(-1)

    def _leaf_values(self, trees, spans, dtype):
        """Which tree adds to which output, tree by tree, and its values by the hash of a leaf."""
        entries, values = [], []
        for number, (tree, (first, _)) in enumerate(zip(trees, spans, strict=True)):
            for column, output in enumerate(tree["outputs"]):
                entries.append((number, output))
                values.append(self._by_hash(tree, first, column, dtype))
        return np.array(entries).reshape(-1, 2), np.array(values, dtype=dtype)

    def _by_hash(self, tree, first, column, dtype):
        values = np.zeros(self.bits, dtype=dtype)
        for node, child in enumerate(tree["child"]):
            if not child:
                # As an array: of a lone number NumPy would warn that the product is too large.
                leaf = self.hash_of(np.array([1 << first[node]], dtype=self.word))
                values[leaf] = tree["value"][node][column]
        return values

    def _members(self, output):
        """The trees that add to an output, and where their values start, to score one row."""
        own = np.flatnonzero(self.entries[:, 1] == output)
        trees = self.entries[own, 0]
        is_every = trees.tolist() == list(range(self.count))
        return slice(self.count) if is_every else trees, own * self.bits

    def hash_of(self, lowest):
        """The place of a word with one bit among the leaf values of its tree."""
        return (lowest * self.multiplier) >> self.shift

    def add(self, codes, totals):
        """Add the group's trees to the totals of a block of rows, tree by tree."""
        rows = totals.shape[1]
        if self.joints is None:
            self.joints = Joints(self)
        for start in range(0, rows, SUMMED_ROWS):
            part = slice(start, min(start + SUMMED_ROWS, rows))
            self.joints.add([own[part] for own in codes], totals[:, part])

    def add_row(self, codes, totals):
        """Add the group's trees to the totals of one row; `codes` are plain integers."""
        places = [own[codes[feature]] for feature, own in self.row_places] or [-1]
        words = np.bitwise_and.reduce(self.table.take(places, axis=0), axis=0)
        hashes = self.hash_of(words & np.negative(words)).astype(np.intp)
        for output, (trees, starts) in enumerate(self.members):
            if len(starts):
                leaves = self.values.take(hashes[trees] + starts)
                leaves[0] += totals[output]
                totals[output] = np.add.accumulate(leaves)[-1]
