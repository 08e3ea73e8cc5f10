"""Codes found for several features at once are those of a plain search."""

from __future__ import annotations

import numpy as np
import pytest

from procgen.kernels.runtime.ensemble import prepared
from procgen.kernels.runtime.ranks import Ranks

UNEVEN = [*(2.0**power for power in range(-40, 40)), 1e300]
CUTS = {
    "none": [],
    "one": [0.5],
    "even": np.linspace(-3, 3, 100).tolist(),
    "near each other": [0.0, 1e-9, 2e-9, 1.0],
    "uneven": UNEVEN,
    "infinite": [-np.inf, 0.0, np.inf],
    "of every size": [-1.7e308, -5e-324, 0.0, 5e-324, 1.7e308],
}


def expected(cells, null, cuts):
    codes = np.searchsorted(cuts, cells) + 1
    codes[np.isnan(cells) | null] = len(cuts) + 2
    return codes.tolist()


@pytest.mark.parametrize("rows", [1, 100, 3000])
@pytest.mark.parametrize("strange", [[], [np.nan], [np.inf, -np.inf], [1e300], [-0.0, 1e18]])
def test_codes_are_those_of_a_search(rows, strange) -> None:
    rng = np.random.default_rng(rows)
    features = [prepared({"kind": "number", "listed": cuts}) for cuts in CUTS.values()] * 3
    ranks, values, wanted = Ranks(features), [], []
    for place, feature in enumerate(features):
        cells = rng.normal(size=rows)
        own = [cut for cut in feature["listed"] if np.isfinite(cut) and abs(cut) < 1e9]
        cells[::3] = rng.choice([*own, 0.0], size=len(cells[::3]))
        if strange and place % 5 == 0:
            cells[::7] = rng.choice(strange, size=len(cells[::7]))
        null = rng.integers(2, size=rows).astype(bool) if place % 4 == 3 else None
        values.append((cells, null))
        gone = np.zeros(rows, dtype=bool) if null is None else null
        wanted.append(expected(cells, gone, feature["listed"]))
    with np.errstate(all="ignore"):
        found = ranks.codes(values, rows)
    assert [own.tolist() for own in found] == wanted
