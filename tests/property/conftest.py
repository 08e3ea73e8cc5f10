"""How many examples: a few on every run, the same ones each time; many in `scripts/soak`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from procgen.databases.database import Database
from procgen.databases.opening import open_database

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "run", max_examples=100, deadline=None, derandomize=True, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "soak", max_examples=5_000, deadline=None, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile(os.environ.get("PROCGEN_EXAMPLES", "run"))


@pytest.fixture(scope="module")
def database(shared_database_url: str) -> Iterator[Database]:
    """An open database of each engine; its tests leave nothing in it."""
    with open_database(shared_database_url) as opened:
        yield opened
