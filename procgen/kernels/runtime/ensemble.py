"""One ensemble: features become codes, and groups of trees are added in the order of the trees."""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.jitted import Compiled, compiled
from procgen.kernels.runtime.masks import MASKED_TREES, MOST_LEAVES, Masks
from procgen.kernels.runtime.ranks import codes_of, codes_of_row, row_feature
from procgen.kernels.runtime.walks import LARGEST_CODE, Walks

ACCUMULATORS = {"float64": np.float64, "float32": np.float32}


class Trees:
    """One ensemble: how features become codes, and groups of trees in their order."""

    def __init__(self, packed):
        self.steps = [feature["step"] for feature in packed["features"]]
        self.features = [prepared(feature) for feature in packed["features"]]
        self.row_features = [row_feature(feature) for feature in self.features]
        self.dtype = ACCUMULATORS[packed["accumulate"]]
        self.base = [self.dtype(value) for value in packed["base_score"]]
        self.divisor = packed["divisor"]
        self.groups = [
            kind(trees, self.features, len(self.base), self.dtype)
            for kind, trees in grouped(packed["trees"])
        ]
        self.packed = packed["trees"]
        self.compiled = None

    def compile(self):
        """Go on with compiled functions, where there is Numba; say whether there is."""
        functions = compiled()
        fits = all(len(feature["listed"]) < LARGEST_CODE - 2 for feature in self.features)
        if functions is not None and fits and self.compiled is None:
            outputs = len(self.base)
            self.compiled = Compiled(self.packed, self.features, outputs, self.dtype, functions)
        return functions is not None

    def add(self, values, rows):
        """The sums of a block of rows, a value for each output."""
        totals = np.empty((len(self.base), rows), dtype=self.dtype)
        totals[:] = np.array(self.base)[:, None]
        own = [values[step] for step in self.steps]
        if self.compiled is not None:
            self.compiled.add(own, totals)
        else:
            codes = [
                codes_of(value, feature) for value, feature in zip(own, self.features, strict=True)
            ]
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
    """A packed feature with its cuts as an array."""
    if feature["kind"] == "category":
        return feature
    dtype = np.int64 if feature["kind"] == "integer" else np.float64
    return {**feature, "array": np.array(feature["listed"], dtype=dtype)}


def grouped(trees):
    """The trees in their order, in runs of one kind."""
    start = 0
    while start < len(trees):
        small = is_small(trees[start])
        stop = start + 1
        longest = MASKED_TREES if small else len(trees)
        while stop < len(trees) and stop - start < longest and is_small(trees[stop]) is small:
            stop += 1
        yield (Masks if small else Walks), trees[start:stop]
        start = stop


def is_small(tree):
    """Whether the leaves of a tree are as many as the bits of a word, or fewer."""
    return tree["child"].count(0) <= MOST_LEAVES
