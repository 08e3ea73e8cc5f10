"""The private servers themselves: versions, isolation, PL/Python."""

from __future__ import annotations

import psycopg
import pytest


@pytest.mark.postgres
@pytest.mark.parametrize(("fixture", "version"), [("postgres15_url", 15), ("postgres18_url", 18)])
def test_a_test_gets_an_empty_database_of_its_version(request, fixture, version):
    with psycopg.connect(request.getfixturevalue(fixture)) as connection:
        assert connection.info.server_version // 10000 == version
        tables = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()
        assert tables == (0,)


@pytest.mark.postgres
@pytest.mark.plpython
def test_postgres_15_has_plpython(postgres15_url):
    with psycopg.connect(postgres15_url) as connection:
        connection.execute("CREATE EXTENSION plpython3u")
        connection.execute(
            "CREATE FUNCTION twice(x float8) RETURNS float8 LANGUAGE plpython3u AS 'return 2 * x'"
        )
        assert connection.execute("SELECT twice(1.5)").fetchone() == (3.0,)
