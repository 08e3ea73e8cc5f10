"""Trees of up to 64 leaves without walking: masks of the leaves that a feature's code leaves open.

Every node that sends a row right closes the leaves of its left side. The masks of all features are
ANDed, and of the leaves that stay open the first is the row's (QuickScorer, Lucchese et al., 2015).
"""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.ranks import goes_right

MASKED_ROWS = 512
SUMMED_ROWS = 2048
PAIRS = {"float64": np.complex128, "float32": np.complex64}
"""Two values that are looked up as one."""
MOST_PAIRED_BITS = 64
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


def paired(first, second=None):
    """For each place in the second, then in the first, both values as one."""
    second = np.zeros(1, dtype=first.dtype) if second is None else second
    both = np.stack(np.broadcast_arrays(first[None, :], second[:, None]), axis=-1)
    return both.reshape(-1, 2).view(PAIRS[first.dtype.name])[:, 0]


class Masks:
    """A group of trees as one table of masks: some rows for each feature, and one all open."""

    def __init__(self, trees, features, outputs, dtype):
        spans = [leaf_spans(tree["child"]) for tree in trees]
        self.bits = max(word_bits(tree) for tree in trees)
        self.word, multiplier, shift = WORDS[self.bits]
        self.multiplier, self.shift = self.word(multiplier), self.word(shift)
        self.hash_bits = self.bits.bit_length() - 1
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
        self.count, self.steps = len(trees), None
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
        for start in range(0, rows, SUMMED_ROWS):
            part = slice(start, min(start + SUMMED_ROWS, rows))
            self._add_leaves(self._leaves(codes, part), totals[:, part])

    def _leaves(self, codes, part):
        """For each row of a part a line, with the hash of the row's leaf in each tree."""
        places = [self.places[feature].take(codes[feature][part]) for feature in self.features]
        hashes = np.empty((part.stop - part.start, self.width), dtype=np.uint8)
        found = self._open(min(len(hashes), MASKED_ROWS))
        masks = np.empty_like(found)
        for start in range(0, len(hashes), MASKED_ROWS):
            lines = found[: len(hashes) - start]
            own = masks[: len(lines)]
            lines[:] = self.table[-1]
            for place in places:
                self.table.take(place[start : start + MASKED_ROWS], 0, own, "clip")
                np.bitwise_and(lines, own, lines)
            np.negative(lines, own)
            own &= lines
            own *= self.multiplier
            own >>= self.shift
            hashes[start : start + MASKED_ROWS] = own
        return hashes

    def _add_leaves(self, hashes, totals):
        if self.steps is None:
            self.steps = list(self._steps())
        # Eight trees at a time become lines of rows: byte by byte that would take longer.
        single = np.ascontiguousarray(hashes.view(np.uint64).T).view(np.uint8)
        double = single.view("<u2") >> 8 << self.hash_bits
        double |= single.view("<u2") & 0xFF
        # Arrays that are made anew for each tree would cost more than what is done with them.
        place = np.empty(len(hashes), dtype=np.intp)
        value = np.empty((len(hashes), 2), dtype=totals.dtype)
        both = value.view(PAIRS[totals.dtype.name])[:, 0]
        for tree, table, outputs in self.steps:
            if len(outputs) == 1:
                place[:] = single[tree // 8, tree % 8 :: 8]
            else:
                place[:] = double[tree // 8, tree % 8 // 2 :: 4]
            table.take(place, None, both, "clip")
            for output, own in zip(outputs, value.T, strict=False):
                totals[output] += own

    def _steps(self):
        """What is looked up at once: a tree, pairs of values by its hash, the outputs they go to.

        Two neighbours are one step where they add to the same outputs, or to one each, and where
        the table of their pairs is small.
        """
        owners = [np.flatnonzero(self.entries[:, 0] == tree) for tree in range(self.count)]
        outputs = [self.entries[own, 1].tolist() for own in owners]
        tree = 0
        while tree < self.count:
            sides = [tree]
            if tree % 2 == 0 and tree + 1 < self.count and self.bits < MOST_PAIRED_BITS:
                own, other = outputs[tree : tree + 2]
                if own == other or len(own) == len(other) == 1:
                    sides.append(tree + 1)
            for column in range(len(outputs[tree])):
                values = [self.values[owners[side][column]] for side in sides]
                yield tree, paired(*values), [outputs[side][column] for side in sides]
            tree += len(sides)

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
