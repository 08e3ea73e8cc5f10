"""One ensemble: features become codes, and groups of trees are added in the order of the trees."""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.jitted import Compiled, compiled
from procgen.kernels.runtime.masks import Masks, word_bits
from procgen.kernels.runtime.ranks import Grid, Ranks, codes_of_row, row_feature
from procgen.kernels.runtime.walks import Walks, levels_of

BY_NUMPY, BY_NUMBA = (512, 2000), (1024, 220)
"""The bytes of a group's masks for one code, so that its table stays in the cache; and how many
bits of masks are read in the time of one level of a walk."""
WALKED_NODES = 1 << 20
ACCUMULATORS = {"float64": np.float64, "float32": np.float32}


class Trees:
    """One ensemble: how features become codes, and groups of trees in their order."""

    def __init__(self, packed):
        self.steps = [feature["step"] for feature in packed["features"]]
        self.features = [prepared(feature) for feature in packed["features"]]
        self.ranks = Ranks(self.features)
        self.row_features = [row_feature(feature) for feature in self.features]
        self.dtype = ACCUMULATORS[packed["accumulate"]]
        self.base = [self.dtype(value) for value in packed["base_score"]]
        self.divisor = packed["divisor"]
        self.packed = packed["trees"]
        self.groups = self._groups(*BY_NUMPY)
        self.compiled = None

    def _groups(self, width, bits):
        outputs = len(self.base)
        return [
            kind(trees, self.features, outputs, self.dtype)
            for kind, trees in grouped(self.packed, width, len(self.features) / bits)
        ]

    def compile(self):
        """Go on with compiled functions, where there is Numba; say whether there is."""
        functions = compiled()
        if functions is not None and self.compiled is None:
            groups = self._groups(*BY_NUMBA)
            self.compiled = Compiled(groups, self.features, functions)
        return functions is not None

    def add(self, values, rows):
        """The sums of a block of rows, a value for each output."""
        own = [values[step] for step in self.steps]
        if self.compiled is not None:
            totals = self.compiled.totals(own, self.base, rows)
        else:
            totals = np.repeat(np.array(self.base)[:, None], rows, axis=1)
            codes = self.ranks.codes(own, rows)
            for group in self.groups:
                group.add(codes, totals)
        return [(self._divided(total.astype(np.float64)), None) for total in totals]

    def add_row(self, cells):
        """The sums of one row from the cells of the features."""
        codes = codes_of_row(cells, self.row_features)
        totals = list(self.base)
        for group in self.groups:
            group.add_row(codes, totals)
        return [self._divided(float(total)) for total in totals]

    def _divided(self, total):
        return total if self.divisor is None else total / self.divisor


def prepared(feature):
    """A packed feature with its cuts as a grid."""
    if feature["kind"] == "category":
        return feature
    dtype = np.int64 if feature["kind"] == "integer" else np.float64
    return {**feature, "grid": Grid(np.array(feature["listed"], dtype=dtype))}


def grouped(trees, width, share):
    """The trees in their order, in runs of one kind; a run of masks is as wide as fits a cache.

    Masks are read for every feature, and nodes for every level. So masks are for trees where the
    bits of a word, times the features' share, are fewer than the levels.
    """
    kinds = [word_bits(tree) for tree in trees]
    levels = [levels_of(tree["child"]) for tree in trees]
    if max((bits or 0 for bits in kinds), default=0) * share * len(trees) > sum(levels):
        kinds = [None] * len(trees)
    start = 0
    while start < len(trees):
        stop, widest, nodes = start, 0, 0
        while stop < len(trees) and (kinds[stop] is None) == (kinds[start] is None):
            widest = max(widest, kinds[stop] or 0)
            if (stop + 1 - start) * widest > width * 8:
                break
            nodes += len(trees[stop]["child"])
            if nodes > WALKED_NODES and stop > start:
                break
            stop += 1
        yield (Walks if kinds[start] is None else Masks), trees[start:stop]
        start = stop
