"""The rows that a version is compiled with: every leaf, every side, every decision, every pair."""

from __future__ import annotations

from collections.abc import Sequence

from procgen.ir.interpreter import Row
from procgen.ir.program import Program
from procgen.ir.trees import split_count
from procgen.ir.walk import trees_of
from procgen.verify.cover import cover_rows
from procgen.verify.mutants import LIMIT
from procgen.verify.probes import PROBES, probe_rows
from procgen.verify.sharp import sharp_rows

FEWEST_PROBES = 1_000
"""Rows at decisions and extremes beside those of a large model's leaves."""


def suite_rows(lowered: Program, *, sample: Sequence[Row] = (), seed: int = 0) -> list[Row]:
    """The rows that a routine is asked about before it is kept.

    Args:
        lowered: a lowered Program.
        sample: rows of the user's own.
        seed: another seed gives other rows.
    """
    cover = cover_rows(lowered, seed=seed)
    if split_count(trees_of(lowered)) <= LIMIT:
        cover += sharp_rows(lowered, cover, seed=seed)
    limit = max(PROBES - len(cover), FEWEST_PROBES)
    rows = [*cover, *probe_rows(lowered, limit=limit, seed=seed), *sample]
    names = [field.name for field in lowered.inputs]
    return list({tuple(repr(row[name]) for name in names): row for row in rows}.values())
