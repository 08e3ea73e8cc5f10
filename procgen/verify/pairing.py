"""Few rows in which any two values of any two inputs stand side by side."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from procgen.ir.types import Scalar

MOST = 60
"""Inputs that are paired; of more, every so many."""


def paired(levels: Sequence[Sequence[Scalar]], limit: int, seed: int = 0) -> list[list[Scalar]]:
    """A covering array: a list of rows, each with one value of every list of `levels`.

    Args:
        levels: the values of each input; none is empty.
        limit: at most so many rows, those that show most pairs first.
        seed: another seed gives other rows.
    """
    first = np.cumsum([0, *map(len, levels)])
    owner = np.repeat(np.arange(len(levels)), list(map(len, levels)))
    chosen = _spread(len(levels))
    # Whether two values, by their number among all values, have not stood side by side yet.
    open_ = (owner[:, None] != owner[None, :]) & np.isin(owner, chosen)[:, None]
    open_ &= np.isin(owner, chosen)[None, :]
    pick = random.Random(seed)  # noqa: S311 - the same rows every time, not secrets
    rows: list[list[Scalar]] = []
    while open_.any() and len(rows) < limit:
        start = int(open_.sum(axis=1).argmax())  # in a pair that is still missing, surely
        taken = {int(owner[start]): start}
        order = [place for place in range(len(levels)) if place not in taken]
        pick.shuffle(order)
        for place in order:
            own = slice(first[place], first[place + 1])
            gains = open_[own][:, list(taken.values())].sum(axis=1)
            best = np.flatnonzero(gains == gains.max()).tolist()
            taken[place] = int(first[place]) + pick.choice(best)
        values = list(taken.values())
        open_[np.ix_(values, values)] = False
        rows.append([levels[place][taken[place] - first[place]] for place in range(len(levels))])
    return rows


def _spread(count: int) -> list[int]:
    if count <= MOST:
        return list(range(count))
    return sorted({place * count // MOST for place in range(MOST)})
