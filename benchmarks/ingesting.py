"""Scores on ingest, where `benchmarks/ingest.py` measures them: its results become figures."""

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
