"""Masks by NumPy for many rows: some features are looked up at a time, and 32 bytes of trees.

What each feature adds to the places in the tables is looked up and added for all parts of a line
at once; the tables are then looked up part by part, some at a time.
"""

from __future__ import annotations

import math

import numpy as np

from procgen.kernels.runtime.joint_tables import PART_BYTES, JointTables, numbered

BYTES_AT_ONCE = 1 << 18
"""Of the masks that are worked on at once."""
INDEX = np.dtype(np.intp)


def carved(*arrays):
    """Arrays of these shapes and types in one piece of memory, which hold anything at first.

    Of several pieces the C library would give some back to the system, and get them anew each time.
    """
    starts, end = [], 0
    for shape, dtype in arrays:
        starts.append(end)
        # Arrays that begin at the same place of a page would push each other out of the cache.
        end += (math.prod(shape) * dtype.itemsize // 64 + 9) * 64
    memory = np.empty(end, dtype=np.uint8)
    return [
        np.ndarray(shape, dtype, memory, start)
        for start, (shape, dtype) in zip(starts, arrays, strict=True)
    ]


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
        tables = JointTables(own, self.parts, self.lanes)
        self.place = np.dtype(np.uint16 if tables.most <= 1 << 16 else np.int64)
        self.terms = tables.terms(self.place)
        sums = {joined: None for _, own in tables.runs for joined in own if len(joined) > 1}
        self.sums, alone = list(sums), [(place,) for place in range(len(self.terms))]
        number = {joined: place for place, joined in enumerate([*alone, *self.sums])}
        self.runs = [
            (parts, [(number[joined], table) for joined, table in own.items()])
            for parts, own in tables.runs
        ]
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

    def add(self, codes, totals):
        """Add the trees to the totals of a block of rows, tree by tree."""
        rows = totals.shape[1]
        word = np.dtype(self.word)
        at_once = min(self.parts, max(1, BYTES_AT_ONCE // (PART_BYTES * rows)))
        # Arrays that are made anew for each tree would cost more than what is done with them.
        places, lines, words, place, leaf, value = carved(
            ((len(self.terms) + len(self.sums) + 1, rows, self.lanes), self.place),
            ((at_once, rows, self.trees), word),
            ((at_once, rows, self.trees), word),
            ((at_once, rows), INDEX),
            ((self.trees, rows), INDEX),
            ((rows,), totals.dtype),
        )
        self._find_places(codes, places)
        lines.fill(~self.word(0))
        # As lists: `totals[output] += value` would copy the sums onto themselves.
        leaves, sums = list(leaf), list(totals)
        for parts, tables in self._pieces(at_once):
            count = parts.stop - parts.start
            looked_up = [(places[number].T[parts], table) for number, table in tables]
            own = words[:count]
            self._find_leaves(looked_up, place[:count], lines[:count], own)
            for found, steps in zip(own, self.steps[parts], strict=True):
                leaf[:] = found.T
                for tree, values, output in steps:
                    values.take(leaves[tree], None, value, "clip")
                    sums[output] += value

    def _pieces(self, at_once):
        """Parts that are worked on at once, with the tables of their run."""
        for run, tables in self.runs:
            for first in range(run.start, run.stop, at_once):
                yield slice(first, min(first + at_once, run.stop)), tables

    def _find_places(self, codes, places):
        """For each bin, and each sum of bins, row and part the place in a table."""
        *places, more = places
        for found, ((feature, numbers), *others) in zip(places, self.terms, strict=False):
            numbers.take(codes[feature], 0, found, "clip")
            for other, further in others:
                further.take(codes[other], 0, more, "clip")
                np.add(found, more, found)
        for found, (first, *others) in zip(places[len(self.terms) :], self.sums, strict=True):
            sum_of = places[first]
            for other in others:
                np.add(sum_of, places[other], found)
                sum_of = found

    def _find_leaves(self, looked_up, place, lines, words):
        """For each tree of some parts the hash of the first leaf that all features leave open."""
        into = lines
        for found, table in looked_up:
            place[:] = found
            table.take(place, 0, into, "clip")
            if into is words:
                np.bitwise_and(lines, words, lines)
            into = words
        np.negative(lines, words)
        np.bitwise_and(words, lines, words)
        np.multiply(words, self.multiplier, words)
        np.right_shift(words, self.shift, words)
