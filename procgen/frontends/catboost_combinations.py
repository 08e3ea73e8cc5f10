"""Which combination of categories each hash of a CatBoost table stands for, found backwards.

The hash of a combination is built of its parts' hashes, and each step can be undone: so the last
part is taken off every stored hash, and what is left is looked up among those of the other parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from procgen.errors import LimitError
from procgen.ir.expressions import Binary, BinaryOp, Case, Expr, Match, number
from procgen.ir.types import Scalar

MULTIPLIER = 0x4906BA494954CB65
"""Hashes are combined as `MULTIPLIER * (hash + MULTIPLIER * next)`, in 64 bits."""
INVERSE = pow(MULTIPLIER, -1, 2**64)
MASK = 2**64 - 1
LARGEST_SEARCH = 20_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One value of a part of a combination: what is hashed, and the column's values for it."""

    hashed: int
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a combination: the categories of a column, or a yes-or-no question (0 and 1)."""

    outcomes: tuple[Outcome, ...]
    subject: Expr
    question: Expr | None = None

    def code(self, chosen: Sequence[int]) -> Expr:
        """1, 2, ... for the chosen outcomes in order, and 0 for any other."""
        if self.question is not None:
            return self.question
        cases = tuple(
            Case(value, number(place))
            for place, outcome in enumerate(chosen, 1)
            for value in self.outcomes[outcome].values
        )
        return Match(self.subject, cases, number(0), number(0))


YES_OR_NO = (Outcome(0), Outcome(1))


def decode(keys: Sequence[int], parts: Sequence[Part]) -> list[tuple[int, tuple[int, ...]]]:
    """Keys with the outcome of each part; a key may stand for several combinations, or for none.

    Raises:
        LimitError: there are too many combinations to try.
    """
    hashes = np.array(keys, dtype=np.uint64)
    *first, last = [np.array([o.hashed & MASK for o in p.outcomes], np.uint64) for p in parts]
    shape = tuple(len(hashes) for hashes in first)
    size = int(np.prod(shape, dtype=object)) if shape else 1
    if max(size, len(keys) * len(last)) > LARGEST_SEARCH:
        raise LimitError(
            f"a target statistic of this CatBoost model combines {len(parts)} columns with too many"
            " categories to read",
            hint="train it with max_ctr_complexity=1",
        )
    prefixes = _hashes(first)
    order = np.argsort(prefixes, kind="stable")
    ordered = prefixes[order]
    found: list[tuple[int, tuple[int, ...]]] = []
    for outcome, hashed in enumerate(last.tolist()):
        wanted = hashes * np.uint64(INVERSE) - np.uint64(MULTIPLIER * hashed & MASK)
        low = np.searchsorted(ordered, wanted, side="left")
        high = np.searchsorted(ordered, wanted, side="right")
        for at in np.flatnonzero(low < high).tolist():
            for place in order[low[at] : high[at]].tolist():
                before = tuple(map(int, np.unravel_index(place, shape))) if shape else ()
                found.append((keys[at], (*before, outcome)))
    return sorted(found)


def _hashes(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """The combined hashes of every combination, the last part's outcome changing fastest."""
    hashes = np.zeros(1, np.uint64)
    for part in parts:
        mixed = hashes[:, None] + np.uint64(MULTIPLIER) * part[None, :]
        hashes = (np.uint64(MULTIPLIER) * mixed).ravel()
    return hashes


def combine(
    parts: Sequence[Part], seen: Sequence[tuple[int, ...]]
) -> tuple[Expr, tuple[float, ...]]:
    """One number for a combination, and that of each of the `seen` ones: exact in a double."""
    total: Expr | None = None
    codes = [0] * len(seen)
    for place, part in enumerate(parts):
        chosen = sorted({outcomes[place] for outcomes in seen})
        rank = {outcome: at for at, outcome in enumerate(chosen, 1)}
        if part.question is not None:
            rank = {0: 0, 1: 1}
        size = max(2, len(chosen) + 1)
        code = part.code(chosen)
        codes = [c * size + rank[o[place]] for c, o in zip(codes, seen, strict=True)]
        total = code if total is None else _append(total, size, code)
    if total is None or max(codes, default=0) >= 2**53:
        raise LimitError(
            "a target statistic of this CatBoost model combines too many columns",
            hint="train it with a smaller max_ctr_complexity",
        )
    return total, tuple(map(float, codes))


def _append(total: Expr, size: int, code: Expr) -> Expr:
    return Binary(BinaryOp.ADD, Binary(BinaryOp.MULTIPLY, total, number(size)), code)
