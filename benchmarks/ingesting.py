"""Scores on ingest, where `benchmarks/ingest.py` measures them: its results become figures.

`results(bench)` there gives Figures, or dicts of their fields. Its ways are of engines such as
"postgres 15", `cpu` is of one row, and `ratio` is the bare insert's over it. Targets know
two names: "row trigger, PL/Python" and "statement trigger, 1,000 rows".
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from benchmarks.bench import Bench
from benchmarks.ways import Figure

SECTION = "ingest"
MODULE = "benchmarks.ingest"


def results(bench: Bench) -> Iterator[Figure]:
    """What the module says; nothing where it is not there."""
    if find_spec(MODULE) is None:
        return
    for found in import_module(MODULE).results(bench):
        yield found if isinstance(found, Figure) else Figure(**{"section": SECTION, **found})
