"""The teams of the integration tests."""

from __future__ import annotations

from tests.integration.conftest import (
    duckdb_team,
    dump,
    postgres15_team,
    postgres_team,
    programs,
    team,
)

__all__ = ["duckdb_team", "dump", "postgres15_team", "postgres_team", "programs", "team"]
