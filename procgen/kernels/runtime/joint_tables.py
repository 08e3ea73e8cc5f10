"""Tables of masks that are ANDed beforehand, for every combination of some features' rows.

Few trees decide by few thresholds, so that combinations are few. Where a combination's masks stand
is a sum of one number a feature. Features that fit one table in every part of a line are a bin. The
first trees of a boosted model decide by few features, so that for a run of such parts several bins
fit one table.
"""

from __future__ import annotations

import numpy as np

PART_BYTES = 32 if [int(part) for part in np.__version__.split(".")[:2]] >= [1, 26] else 16
"""What NumPy copies as fast as less: twice as much takes it three times as long."""
MOST_JOINT_ROWS = 1024
"""Of one table, so that it fits a processor's smallest cache."""
PARTS_A_CALL = 2
"""NumPy's calls for one more table take the time in which so many parts are looked up."""


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


def binned(sizes, parts):
    """What is looked up as one, so that the table of no part has too many rows.

    Args:
        sizes: by key the rows that it has in each part; what has one in all of them is left out.
        parts: a slice of these.

    Returns:
        Lists of keys, at least one of them.
    """
    bins = []
    own = {key: size[parts] for key, size in sizes.items() if size[parts].max() > 1}
    for key in sorted(own, key=lambda key: -own[key].max()):
        for place, (joined, rows) in enumerate(bins):
            if (rows * own[key]).max() <= MOST_JOINT_ROWS:
                bins[place] = [*joined, key], rows * own[key]
                break
        else:
            bins.append(([key], own[key]))
    return [joined for joined, _ in bins] or [[key] for key in sizes][:1]


def runs_of(sizes, parts):
    """Slices of the parts, cut where fewer look-ups save more than further calls cost.

    The features of boosted trees grow in number, faster at first, and then no more. So cuts are
    looked for behind the first 1, 2, 4, ... parts, as trying all would take many times as long.
    """

    def cost(first, last):
        return len(binned(sizes, slice(first, last))) * (last - first + PARTS_A_CALL)

    found, todo = [], [(0, parts)]
    while todo:
        first, last = todo.pop()
        ends = [first + (1 << power) for power in range((last - first - 1).bit_length())]
        cuts = [(cost(first, cut) + cost(cut, last), cut) for cut in ends if cut < last]
        least, cut = min(cuts, default=(np.inf, last))
        if least < cost(first, last):
            todo += [(cut, last), (first, cut)]
        else:
            found.append(slice(first, last))
    return found


class JointTables:
    """The tables of a group of masks.

    Attributes:
        bins: lists of features.
        runs: slices of parts, each with its tables by the bins that are looked up as one.
        most: the rows of the largest table, that of all parts of a run.
    """

    def __init__(self, own, parts, lanes):
        self.own, self.parts = own, parts
        sizes = {f: np.array([len(lines) for lines in found]) for f, (_, found) in own.items()}
        self.bins = binned(sizes, slice(0, parts))
        self.rows = {
            place: np.prod([sizes[feature] for feature in joined], axis=0)
            for place, joined in enumerate(self.bins)
        }
        self.radix = np.ones((len(self.bins), lanes), dtype=np.int64)
        self.start = np.zeros_like(self.radix)
        self.runs = [(some, self._tables(some)) for some in runs_of(self.rows, parts)]
        self.most = max((len(t) for _, tables in self.runs for t in tables.values()), default=0)

    def _tables(self, parts):
        """The tables of some parts, one part's rows after the other's."""
        tables, each = {}, range(parts.start, parts.stop)
        for joined in binned(self.rows, parts):
            rows = np.ones(len(each), dtype=np.int64)
            for place in joined:
                self.radix[place, parts] = rows
                rows = rows * self.rows[place][parts]
            self.start[joined[0], parts] = np.cumsum(rows) - rows
            lines = [self.own[feature][1] for place in joined for feature in self.bins[place]]
            combinations = [combined([own[part] for own in lines]) for part in each]
            tables[tuple(joined)] = np.concatenate(combinations)
        return tables

    def terms(self, dtype):
        """For each bin what each feature's codes add to the places in the tables of all parts."""
        terms = []
        for joined, radix, start in zip(self.bins, self.radix, self.start, strict=True):
            added, scale = [], radix.copy()
            for feature in joined:
                numbers, lines = self.own[feature]
                added.append(numbers * scale)
                scale[: self.parts] *= [len(own) for own in lines]
            added[0] += start
            terms.append([(f, a.astype(dtype)) for f, a in zip(joined, added, strict=True)])
        return terms
