"""Databases for tests: each fixture gives a URL; a missing server is an error, not a skip."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server, close_run, ensure_server, open_run

RUN_FOLDER = pytest.StashKey[Path]()
WATCHER = pytest.StashKey[subprocess.Popen[bytes]]()
ENGINES = [
    pytest.param("duckdb", marks=pytest.mark.duckdb),
    pytest.param("postgres15", marks=pytest.mark.postgres),
    pytest.param("postgres18", marks=pytest.mark.postgres),
]


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[RUN_FOLDER] = Path(config.workerinput["procgen_run_folder"])
    else:
        config.stash[RUN_FOLDER], config.stash[WATCHER] = open_run()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["procgen_run_folder"] = str(node.config.stash[RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if WATCHER in config.stash:
        close_run(config.stash[WATCHER])


def _server(request: pytest.FixtureRequest, version: int) -> Server:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return ensure_server(request.config.stash[RUN_FOLDER], version, worker)


@pytest.fixture(scope="session")
def postgres15_server(request: pytest.FixtureRequest) -> Server:
    """The run's PostgreSQL 15; `with server.database() as url` makes a database."""
    return _server(request, 15)


@pytest.fixture(scope="session")
def postgres18_server(request: pytest.FixtureRequest) -> Server:
    """The run's PostgreSQL 18."""
    return _server(request, 18)


@pytest.fixture
def duckdb_url(tmp_path: Path) -> str:
    """A DuckDB file that does not exist yet."""
    return f"duckdb:///{tmp_path / 'test.duckdb'}"


@pytest.fixture
def postgres15_url(postgres15_server: Server) -> Iterator[str]:
    """An empty database of PostgreSQL 15; plpython3u can be created in it."""
    with postgres15_server.database() as url:
        yield url


@pytest.fixture
def postgres18_url(postgres18_server: Server) -> Iterator[str]:
    """An empty database of PostgreSQL 18."""
    with postgres18_server.database() as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each engine in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=ENGINES, scope="session")
def shared_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One database of each engine for all the tests of a worker, for tests that leave nothing."""
    if request.param == "duckdb":
        yield f"duckdb:///{tmp_path_factory.mktemp('shared') / 'shared.duckdb'}"
        return
    with request.getfixturevalue(f"{request.param}_server").database() as url:
        yield url


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden/*.sql; read the diff"
    )
