"""Masks by NumPy for many rows: some features are looked up at a time, and 32 bytes of trees.

The masks of some features are ANDed beforehand, for every combination of their rows. Few trees
decide by few thresholds, so that combinations are few. Where the combination's masks stand is a
sum of one number a feature, and these are looked up and added for all parts of a line at once.
"""

from __future__ import annotations

import numpy as np

PART_BYTES = 32 if [int(part) for part in np.__version__.split(".")[:2]] >= [1, 26] else 16
"""What NumPy copies as fast as less: twice as much takes it three times as long."""
MOST_JOINT_ROWS = 1024
"""Of one table, so that it fits a processor's smallest cache."""
BYTES_AT_ONCE = 1 << 18
"""Of the masks that are worked on at once."""


def numbered(lines):
    """For each line the number of its bytes among the different ones, and these."""
    known = {}
    raw = np.ascontiguousarray(lines).view(f"V{PART_BYTES}")[:, 0].tolist()
    numbers = [known.setdefault(line, len(known)) for line in raw]
    return numbers, np.frombuffer(b"".join(known), lines.dtype).reshape(-1, lines.shape[1])


def combined(tables):
    """The AND of a row of each table, for every combination; the first table's rows go fastest."""
    found = tables[0]
    for table in tables[1:]:
        found = (table[:, None] & found).reshape(-1, found.shape[1])
    return found


class Joints:
    """A group of masks, ready for many rows."""

    def __init__(self, masks):
        self.word = masks.word
        self.multiplier, self.shift = masks.multiplier, masks.shift
        self.trees = PART_BYTES * 8 // masks.bits
        self.parts = -(-masks.width // self.trees)
        spare = self.parts * self.trees - masks.width
        table = np.pad(masks.table, ((0, 0), (0, spare)), constant_values=masks.table[-1, 0])
        # What is looked up at once has a power of two of bytes as well.
        self.lanes = 1 << (self.parts - 1).bit_length()
        own = {feature: self._by_part(table, masks.places[feature]) for feature in masks.features}
        self.joints = [self._joint(own, joined) for joined in self._bins(own)]
        most = max((len(table) for _, table in self.joints), default=0)
        self.place = np.uint16 if most <= 1 << 16 else np.int64
        for terms, _ in self.joints:
            terms[:] = [(feature, numbers.astype(self.place)) for feature, numbers in terms]
        self.steps = [[] for _ in range(self.parts)]
        for (tree, output), values in zip(masks.entries.tolist(), masks.values, strict=True):
            self.steps[tree // self.trees].append((tree % self.trees, values, output))

    def _by_part(self, table, places):
        """For each part of a line which of its different rows a code has, and these rows."""
        first = places.min()
        rows = table[first : places.max() + 1].reshape(-1, self.parts, self.trees)
        found = [numbered(rows[:, part]) for part in range(self.parts)]
        numbers = np.zeros((len(rows), self.lanes), dtype=np.int64)
        numbers[:, : self.parts] = np.transpose([own for own, _ in found])
        return numbers[places - first], [lines for _, lines in found]

    @staticmethod
    def _bins(own):
        """Features that are looked up as one, so that the table of no part has too many rows."""
        counts = {f: np.array([len(lines) for lines in parts]) for f, (_, parts) in own.items()}
        bins = []
        for feature in sorted(counts, key=lambda feature: -counts[feature].max()):
            for place, (joined, rows) in enumerate(bins):
                if (rows * counts[feature]).max() <= MOST_JOINT_ROWS:
                    bins[place] = [*joined, feature], rows * counts[feature]
                    break
            else:
                bins.append(([feature], counts[feature]))
        return [joined for joined, _ in bins]

    def _joint(self, own, joined):
        """What each feature's codes add to the place in a table, and the tables of all parts."""
        tables = [combined([own[f][1][part] for f in joined]) for part in range(self.parts)]
        sizes = [len(table) for table in tables]
        start, radix, terms = np.zeros(self.lanes, dtype=np.int64), 1, []
        start[1 : self.parts] = np.cumsum(sizes[:-1])
        for feature in joined:
            numbers, lines = own[feature]
            terms.append((feature, numbers * radix + start))
            radix = radix * np.array([len(own) for own in lines] + [1] * (self.lanes - self.parts))
            start = 0
        return terms, np.concatenate(tables)

    def add(self, codes, totals):
        """Add the trees to the totals of a block of rows, tree by tree."""
        rows = totals.shape[1]
        places = self._places(codes, rows)
        at_once = min(self.parts, max(1, BYTES_AT_ONCE // (PART_BYTES * rows)))
        lines, words = np.full((2, at_once, rows, self.trees), ~self.word(0))
        # Arrays that are made anew for each tree would cost more than what is done with them.
        leaf, value = np.empty((self.trees, rows), dtype=np.intp), np.empty(rows, totals.dtype)
        # As lists: `totals[output] += value` would copy the sums onto themselves.
        leaves, sums = list(leaf), list(totals)
        for first in range(0, self.parts, at_once):
            parts = slice(first, min(first + at_once, self.parts))
            own = words[: parts.stop - first]
            self._find_leaves(parts, places, lines[: len(own)], own)
            for found, steps in zip(own, self.steps[parts], strict=True):
                leaf[:] = found.T
                for tree, values, output in steps:
                    values.take(leaves[tree], None, value, "clip")
                    sums[output] += value

    def _places(self, codes, rows):
        """For each joint, row and part the place in the table."""
        # One array: of several, the C library would give some back to the system each time.
        places = np.empty((len(self.joints) + 1, rows, self.lanes), dtype=self.place)
        *places, more = places
        for found, (((feature, numbers), *others), _) in zip(places, self.joints, strict=True):
            numbers.take(codes[feature], 0, found, "clip")
            for other, further in others:
                further.take(codes[other], 0, more, "clip")
                np.add(found, more, found)
        return places

    def _find_leaves(self, parts, places, lines, words):
        """For each tree of some parts the hash of the first leaf that all features leave open."""
        into, place = lines, np.empty(lines.shape[:2], dtype=np.intp)
        for found, (_, table) in zip(places, self.joints, strict=True):
            place[:] = found.T[parts]
            table.take(place, 0, into, "clip")
            if into is words:
                np.bitwise_and(lines, words, lines)
            into = words
        np.negative(lines, words)
        np.bitwise_and(words, lines, words)
        np.multiply(words, self.multiplier, words)
        np.right_shift(words, self.shift, words)
