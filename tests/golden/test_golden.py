"""Generated SQL, byte for byte: a change shows up in review. `make golden` rewrites the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from procgen.backends import DIALECTS
from procgen.compiler import compile_source
from procgen.databases.opening import open_database
from tests.golden_models import PROGRAMS, source

FOLDER = Path(__file__).parent


def compiled(name: str, target: str):
    return compile_source(source(PROGRAMS[name]()), name="churn", target=target, version=3)


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_scripts_are_the_golden_ones(name: str, target: str, request) -> None:
    artifact = compiled(name, target)
    scripts = {
        "up": artifact.up,
        "down": artifact.down,
        "select": artifact.select("app.customers", key="id"),
    }
    for part, script in scripts.items():
        path = FOLDER / f"{name}.{target}.{part}.sql"
        if request.config.getoption("--update-golden"):
            path.write_text(script, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == script


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_golden_scripts_run_and_verify_and_leave_nothing(name: str, database_url: str) -> None:
    with open_database(database_url) as database:
        artifact = compiled(name, database.engine)
        with database.rehearsal():
            database.run_script("CREATE SCHEMA ml;", source="schema")
            before = database.objects(("ml",))
            database.run_script(artifact.up, source="up.sql")
            assert len(database.objects(("ml",))) >= len(artifact.program.outputs)
            database.run_script(artifact.verify, source="verify.sql")
            database.run_script(artifact.down, source="down.sql")
            assert database.objects(("ml",)) == before


def test_compiling_twice_gives_identical_bytes() -> None:
    first, second = (compiled("boosted_classifier", "postgres") for _ in range(2))
    assert (first.up, first.down, first.verify) == (second.up, second.down, second.verify)
    assert first.digest == second.digest
