"""The same additions compiled by Numba, where it is installed: as many, and in the same order.

Compiling takes seconds, once a process, and serves every model, because the model is data. Compiled
walks beat compiled masks for trees of any size, so all trees are walked.
"""

from __future__ import annotations

import importlib

import numpy as np

from procgen.kernels.runtime.ranks import codes_of
from procgen.kernels.runtime.walks import Walks

LANES = 8
"""Rows that are walked side by side: one waits for memory while another goes on."""
COMPILED: dict[str, object] = {}


def compiled():
    """The compiled functions by name, or None where there is no Numba."""
    if not COMPILED:
        try:
            numba = importlib.import_module("numba")
        except ImportError:
            return None
        jit = numba.njit(nogil=True)
        for function in (rank_doubles, add_walks):
            COMPILED[function.__name__] = jit(function)
    return COMPILED


def rank_doubles(cells, listed, codes):
    """The codes of doubles: a search that guesses no branch, since each would be a coin's throw."""
    count = len(listed)
    for row in range(len(cells)):
        cell = cells[row]
        if cell != cell:  # noqa: PLR0124 - true of NaN
            codes[row] = count + 2
            continue
        low, size = 0, count
        while size > 1:
            half = size >> 1
            low += half * (listed[low + half - 1] < cell)
            size -= half
        if count > 0:
            low += listed[low] < cell
        codes[row] = low + 1


def add_walks(codes, nodes, starts, depths, entries, values, totals):
    """Add every tree to the totals, in blocks of 64 rows so that a tree's nodes are read once.

    Whole numbers without sign save the check for a negative index; eight lanes are written out as
    a constant, so that the compiler unrolls them.
    """
    sixteen, upper, low = np.uint64(16), np.uint64(32), np.uint64(0xFFFF)
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
                        right = rows[lane, node & low] > ((node >> sixteen) & low)
                        at[lane] = (node >> upper) + np.uint64(right)
                for own in range(first_entry, entry):
                    output, offset = entries[own, 1], np.uint64(entries[own, 2])
                    for lane in range(8):
                        totals[output, first + lane] += values[offset + at[lane]]


class Compiled:
    """The trees of an ensemble, added by compiled functions."""

    def __init__(self, trees, features, outputs, dtype, functions):
        self.features, self.functions = features, functions
        self.walks = Walks(trees, features, outputs, dtype)
        self.nodes = self.walks.nodes.astype(np.uint64)
        self.starts = self.walks.starts.astype(np.uint64)
        self.entries, self.values = self._entries()

    def _entries(self):
        """In the order of trees: which tree adds to which output, and where its values start."""
        found, parts, size = [], [], len(self.nodes)
        for place, (output, members, column) in enumerate(self.walks.values):
            found += [(number, output, place * size) for number in members]
            parts.append(column)
        entries = np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
        return entries, np.concatenate(parts or [np.zeros(1)])

    def add(self, values, totals):
        """Add all trees to the totals, a line for each output."""
        rows = totals.shape[1]
        padded = -(-rows // LANES) * LANES
        codes = np.zeros((padded, max(1, len(self.walks.sources))), dtype=np.uint16)
        lines = {}
        for column, (feature, table) in enumerate(self.walks.sources):
            if feature not in lines:
                lines[feature] = self._line(values[feature], self.features[feature])
            line = lines[feature]
            codes[:rows, column] = line if table is None else table.take(line)
        whole = np.zeros((len(totals), padded), dtype=totals.dtype)
        whole[:, :rows] = totals
        self.functions["add_walks"](
            codes, self.nodes, self.starts, self.walks.depths, self.entries, self.values, whole
        )
        totals[:] = whole[:, :rows]

    def _line(self, value, feature):
        """The codes of a feature."""
        cells, null = value
        if feature["kind"] != "number" or null is not None or cells.dtype != np.float64:
            return codes_of(value, feature).astype(np.uint16)
        line = np.empty(len(cells), dtype=np.uint16)
        self.functions["rank_doubles"](cells, feature["array"], line)
        return line
