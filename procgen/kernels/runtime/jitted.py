"""The same additions compiled by Numba, where it is installed: as many, and in the same order.

Compiling takes seconds, once a process, and serves every model, because the model is data. What is
in a file, Numba keeps compiled beside it for the next process.
"""

from __future__ import annotations

import importlib

import numpy as np

from procgen.kernels.runtime.masks import Masks
from procgen.kernels.runtime.ranks import codes_of
from procgen.kernels.runtime.values import missing

LANES = 8
"""Rows that are scored side by side: one waits for memory while another goes on."""
MASKS_AT_ONCE = 8
SKEW = 32
"""Codes after each feature's: lines that are a power of two apart would share a place in cache."""
COMPILED: dict[str, object] = {}


def compiled():
    """The compiled functions by name, or None where there is no Numba."""
    if not COMPILED:
        try:
            numba = importlib.import_module("numba")
        except ImportError:
            return None
        for function in (rank_numbers, add_masks, add_walks):
            try:
                made = numba.njit(nogil=True, cache=True)(function)
            except RuntimeError:  # its text is in no file, or nothing can be written beside it
                made = numba.njit(nogil=True)(function)
            COMPILED[function.__name__] = made
    return COMPILED


def rank_numbers(cells, ends, starts, low, scale, top, codes):
    """The codes of numbers by a Grid, which rounds alike; its last end stops a search."""
    absent = starts[-1] + 1
    for row in range(len(cells)):
        cell = cells[row]
        if cell != cell:  # noqa: PLR0124 - true of NaN
            codes[row] = absent
            continue
        spot = (np.float64(cell) - low) * scale
        spot = spot if spot > 0.0 else 0.0
        place = np.uint64(spot if spot < top else top)
        first, last = starts[place], starts[place + np.uint64(1)]
        while last - first > 8:
            middle = (first + last) >> 1
            if ends[middle] < cell:
                first = middle + 1
            else:
                last = middle
        while ends[first] < cell:
            first += 1
        codes[row] = first


def add_masks(codes, features, places, table, found, words, hashing, entries, values, totals):
    """Add a group of trees by its masks, eight rows at a time.

    `found` has a line for each of the eight rows, and `words` is the same memory as words of trees.
    Whole numbers without sign save the check for a negative index.
    """
    multiplier, shift = hashing
    own = np.empty(len(features), dtype=np.uint64)
    for first in range(0, totals.shape[1], 8):
        for lane in range(8):
            line, trees = found[lane], words[lane]
            for number in range(len(features)):
                code = np.uint64(codes[features[number, 0], first + lane])
                own[number] = places[features[number, 1] + code]
            for word in range(len(line)):
                line[word] = ~np.uint64(0)
            for number in range(0, len(own), 8):
                a, b = table[own[number]], table[own[number + 1]]
                c, d = table[own[number + 2]], table[own[number + 3]]
                e, f = table[own[number + 4]], table[own[number + 5]]
                g, h = table[own[number + 6]], table[own[number + 7]]
                for word in range(len(line)):
                    half = a[word] & b[word] & c[word] & d[word]
                    line[word] &= half & e[word] & f[word] & g[word] & h[word]
            for tree in range(len(trees)):
                word = trees[tree]
                trees[tree] = (word & (np.uint64(0) - word)) * multiplier
        for entry in range(len(entries)):
            tree, total, leaves = entries[entry, 0], totals[entries[entry, 1]], values[entry]
            for lane in range(8):
                leaf = np.uint64(words[lane, tree]) >> shift
                total[np.uint64(first + lane)] += leaves[leaf]


def add_walks(codes, nodes, starts, depths, entries, values, totals):
    """Add every tree to the totals, in blocks of 64 rows so that a tree's nodes are read once.

    Eight lanes are written out as a constant, so that the compiler unrolls them.
    """
    sixteen, last_column = np.uint64(16), np.uint64(0xFFFF)
    forty, last_cut = np.uint64(40), np.uint64(0xFFFFFF)
    at = np.empty(8, dtype=np.uint64)
    for block in range(0, len(codes), 64):
        entry = 0
        for tree in range(len(starts)):
            first_entry = entry
            while entry < len(entries) and entries[entry, 0] == tree:
                entry += 1
            for first in range(block, min(block + 64, len(codes)), 8):
                rows = codes[first : first + 8]
                for lane in range(8):
                    at[lane] = starts[tree]
                for _ in range(depths[tree]):
                    for lane in range(8):
                        node = nodes[at[lane]]
                        cut = (node >> sixteen) & last_cut
                        right = rows[lane, node & last_column] > cut
                        at[lane] = (node >> forty) + np.uint64(right)
                for own in range(first_entry, entry):
                    output, offset = entries[own, 1], np.uint64(entries[own, 2])
                    for lane in range(8):
                        totals[output, first + lane] += values[offset + at[lane]]


class Compiled:
    """The groups of trees of an ensemble, added by compiled functions."""

    def __init__(self, groups, features, functions):
        self.features, self.rank = features, functions["rank_numbers"]
        self.groups = [
            MasksCompiled(group, functions["add_masks"])
            if isinstance(group, Masks)
            else WalksCompiled(group, functions["add_walks"])
            for group in groups
        ]
        most = max((len(feature["listed"]) for feature in features), default=0)
        self.code = np.uint16 if most + 2 <= np.iinfo(np.uint16).max else np.uint32
        self.grids = [self._grid(feature) for feature in features]

    def _grid(self, feature):
        if feature["kind"] == "category":
            return None
        grid = feature["grid"]
        return grid.ends, grid.starts.astype(np.int32), grid.low, grid.scale, grid.top

    def totals(self, values, base, rows):
        """The sums, a line for each output."""
        padded = -(-rows // LANES) * LANES
        codes = np.zeros((max(1, len(self.features)), padded + SKEW), dtype=self.code)
        for place, value in enumerate(values):
            self._rank(value, place, codes[place, :rows])
        totals = np.repeat(np.array(base)[:, None], padded, axis=1)
        for group in self.groups:
            group.add(codes, totals)
        return totals[:, :rows]

    def _rank(self, value, place, codes):
        cells, null = value
        grid = self.grids[place]
        if grid is None or cells.dtype != grid[0].dtype:
            codes[:] = codes_of(value, self.features[place])
            return
        self.rank(cells, *grid, codes)
        if null is not None:
            codes[missing(value)] = len(self.features[place]["listed"]) + 2


class MasksCompiled:
    """A group of trees, added by their masks."""

    def __init__(self, masks, function):
        self.word, self.function = masks.word, function
        self.table = masks.table.view(np.uint64)
        self.hashing = np.uint64(masks.multiplier), np.uint64(masks.shift)
        self.entries, self.values = masks.entries.astype(np.uint64), masks.values
        starts, parts, size = [], [], 0
        for feature in masks.features:
            starts.append((feature, size))
            parts.append(masks.places[feature])
            size += len(parts[-1])
        # Features are read eight at a time: the last ones are the first again, with open masks.
        spare = -len(starts) % MASKS_AT_ONCE if starts else 0
        if spare:
            starts += [(masks.features[0], size)] * spare
            parts.append(np.full(len(parts[0]), len(self.table) - 1))
        self.starts = np.array(starts, dtype=np.uint64).reshape(-1, 2)
        self.places = np.concatenate(parts or [np.zeros(1)]).astype(np.int32)

    def add(self, codes, totals):
        """Add the group to the totals, a line for each output."""
        found = np.empty((LANES, self.table.shape[1]), dtype=np.uint64)
        self.function(
            codes,
            self.starts,
            self.places,
            self.table,
            found,
            found.view(self.word),
            self.hashing,
            self.entries,
            self.values,
            totals,
        )


class WalksCompiled:
    """Trees that are walked."""

    def __init__(self, walks, function):
        self.walks, self.function = walks, function
        self.starts = walks.starts.astype(np.uint64)
        self.entries, self.values = self._entries(walks)

    def _entries(self, walks):
        """In the order of trees: which tree adds to which output, and where its values start."""
        found, parts, size = [], [], len(walks.packed)
        for place, (output, members, column) in enumerate(walks.values):
            found += [(number, output, place * size) for number in members]
            parts.append(column)
        entries = np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
        return entries, np.concatenate(parts or [np.zeros(1)])

    def add(self, codes, totals):
        """Add the trees to the totals, a line for each output."""
        rows = totals.shape[1]
        lines = np.zeros((rows, max(1, len(self.walks.sources))), dtype=codes.dtype)
        for column, (feature, table) in enumerate(self.walks.sources):
            line = codes[feature, :rows]
            lines[:, column] = line if table is None else table.take(line)
        self.function(
            lines,
            self.walks.packed,
            self.starts,
            self.walks.depths,
            self.entries,
            self.values,
            totals,
        )
