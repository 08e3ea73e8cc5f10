"""Every way to score trees in PostgreSQL without Python: as exact as any, and chosen by the use."""

from __future__ import annotations

import pytest

from procgen.backends import routines
from procgen.backends.lowering import Lowering
from procgen.databases.opening import open_database
from procgen.verify.scoring import install, routine_writer, score
from tests.kernel_models import EVERY, compiled, differences, some_rows

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database(postgres15_server):
    with postgres15_server.database() as url, open_database(url) as opened:
        yield opened


@pytest.fixture
def adaptive(monkeypatch):
    """A loop for a row and an expression for many, however small the model is."""
    usual = routines.usual

    def chosen(work, among, dialect):
        return Lowering.ADAPTIVE if Lowering.ADAPTIVE in among else usual(work, among, dialect)

    monkeypatch.setattr(routines, "usual", chosen)


@pytest.mark.parametrize("title", EVERY)
@pytest.mark.usefixtures("adaptive")
def test_both_halves_score_every_zoo_as_python_does(title, database) -> None:
    _, artifact = compiled(title, "postgres")
    rows = some_rows(artifact, 60, 20)
    with database.rehearsal():
        writer = routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1")
        install(database, artifact, writer)
        got = score(database, writer, rows)
        if artifact.lowering.startswith("node loop"):
            database.run_script(artifact.verify, source="verify")
        database.run_script(artifact.down, source="down")
    assert differences(artifact, rows, got) == []
