"""Any ensemble scores alike in every way that PostgreSQL can score it, bit for bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from procgen.backends.choices import choices
from procgen.backends.lowering import Lowering
from procgen.backends.postgres import POSTGRES
from procgen.databases.opening import open_database
from procgen.passes import lower
from tests.property.test_ensembles import assert_scores_alike, programs

LOWERINGS = [Lowering.STATEMENTS, Lowering.LOOP, Lowering.ADAPTIVE]


@pytest.fixture(scope="module", params=[15, 18])
def postgres(request):
    server = request.getfixturevalue(f"postgres{request.param}_server")
    with server.database() as url, open_database(url) as database:
        yield database


@pytest.mark.postgres
@pytest.mark.parametrize("forced", LOWERINGS)
@given(program=programs())
@settings(max_examples=settings.default.max_examples // 5)
def test_a_random_ensemble(postgres, forced, program):
    found = choices(lower(program, POSTGRES.target), POSTGRES)
    has_it = any(forced in choice.costs for choice in found)
    assert_scores_alike(postgres, program, forced if has_it else None)
