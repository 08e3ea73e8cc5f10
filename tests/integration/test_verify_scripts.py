"""The verify script of a version passes where its routines are: its bounds hold the answers."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of, open_database
from tests.every_zoo import FAMILIES

EVERY = 9
MODELS = [(family, name) for family, models in FAMILIES.items() for name in models]
ALWAYS = {
    ("XGBoost", "linear, count:poisson"),
    ("models of models", "one vs one margins"),
    ("models of models", "centroid with priors triple"),
}


def some(start: int) -> list[tuple[str, str]]:
    """Every ninth model, and those whose scores may be infinite or NaN."""
    return [*ALWAYS, *(model for model in MODELS[start::EVERY] if model not in ALWAYS)]


def run_scripts(url: str, models: list[tuple[str, str]]) -> None:
    """Create and verify one model after the other; what raises is a score outside of its bounds."""
    with open_database(url) as database:
        for family, name in models:
            case = FAMILIES[family][name]()
            artifact = compile_model(
                case.model,
                name="zoo",
                target=engine_of(url),
                inputs=case.inputs,
                types=case.types,
            )
            with database.rehearsal():
                database.run_script("CREATE SCHEMA IF NOT EXISTS ml;", source="the test")
                database.run_script(artifact.up, source=name)
                database.run_script(artifact.verify, source=f"the verify script of {name}")


@pytest.mark.duckdb
def test_verify_scripts_pass_in_duckdb():
    run_scripts("duckdb:///:memory:", some(0))


@pytest.mark.postgres
def test_verify_scripts_pass_in_postgres(postgres15_url):
    run_scripts(postgres15_url, some(4))
