"""PL/Python routines: as exact as SQL, a migration as any other, and refused where they cannot be.

PostgreSQL 18 comes as a wheel without PL/Python, so these run on 15; there the refusal is tested.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeRegressor

from procgen.artifacts.batches import batch_select
from procgen.backends.select import TITLES
from procgen.compiler import compile_model
from procgen.databases.opening import open_database
from procgen.errors import DatabaseError, InputsError
from procgen.ir.policies import Policies, Policy, Rule
from procgen.verify import verify
from procgen.verify.scoring import install, routine_writer
from tests.kernel_models import SOME, compiled, differences, frozen, some_rows

pytestmark = [pytest.mark.postgres, pytest.mark.plpython]


@pytest.fixture(scope="module")
def python_url(postgres15_server):
    """A database with plpython3u, for all the tests of the module that leave nothing."""
    with postgres15_server.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION plpython3u")
        yield url


@pytest.mark.parametrize("title", SOME)
def test_rows_score_as_python_does(title, python_url) -> None:
    model, artifact = compiled(title, "postgres", "plpython")
    assert "LANGUAGE plpython3u" in artifact.up
    report = verify(artifact, model, url=python_url, probes=200, random=200)
    assert report.ok, report.describe()
    assert report.undecided == 0


@pytest.mark.parametrize("title", SOME)
def test_a_batch_scores_as_rows_do(title, python_url) -> None:
    _, artifact = compiled(title, "postgres", "plpython")
    rows = some_rows(artifact, 60, 60)
    assert differences(artifact, rows, batch(artifact, python_url, rows)) == []


def batch(artifact, url, rows):
    """What batches of 50 rows answer, of a version that is created for this and rolled back."""
    name = f"{artifact.name}_v{artifact.version}"
    with open_database(url) as database, database.rehearsal():
        install(database, artifact, routine_writer(artifact.lowered, "postgres", "ml", name))
        key = database.load_rows("own rows", artifact.program.inputs, rows)
        select = batch_select(artifact, '"own rows"', key=key, chunk=50)
        found = database.fetch(f"SELECT * FROM ({select}) AS s ORDER BY {key}")
    assert len(found) == len(rows)
    names = [name for name in TITLES if artifact.lowered.output(name) is not None]
    return {
        name: [frozen(row[place]) for row in found] for place, name in enumerate(names, start=1)
    }


def test_a_version_in_sql_has_no_batches() -> None:
    _, artifact = compiled("lightgbm: extra trees", "postgres")
    with pytest.raises(InputsError, match="has no batch routine"):
        batch_select(artifact, "customers", key="id")


def wide_model():
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 120))
    return DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, X[:, 3] + X[:, 110])


def test_a_wide_model_takes_one_row_and_batches(python_url) -> None:
    inputs = [f"x{number}" for number in range(120)]
    artifact = compile_model(
        wide_model(), name="wide", target="postgres", inputs=inputs, language="plpython"
    )
    report = verify(artifact, wide_model(), url=python_url, probes=100, random=50)
    assert report.ok, report.describe()
    rows = some_rows(artifact, 60, 60)
    assert differences(artifact, rows, batch(artifact, python_url, rows)) == []


NAMES = ["max", "len", "args", "GD", "SD", "plpy", "model", "__builtins__"]


def named_model(names):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(90, len(names))), columns=names)
    labels = np.where(X.iloc[:, 0] > X.iloc[:, 1], "yes'", "no$procgen$")
    return GradientBoostingClassifier(n_estimators=3, random_state=0).fit(X, labels)


def test_a_column_may_be_called_as_what_python_keeps_there(python_url) -> None:
    model = named_model(NAMES)
    artifact = compile_model(model, name="named", target="postgres", language="plpython")
    report = verify(artifact, model, url=python_url, probes=100, random=50)
    assert report.ok, report.describe()


def test_a_policy_raises_and_names_the_input(python_url) -> None:
    model = named_model(["age", "debt"])
    artifact = compile_model(
        model,
        name="strict",
        target="postgres",
        policies=Policies(missing=Rule(Policy.ERROR)),
        language="plpython",
    )
    with open_database(python_url) as database, database.rehearsal():
        install(database, artifact, routine_writer(artifact.lowered, "postgres", "ml", "strict_v1"))
        with pytest.raises(DatabaseError, match="the input debt is missing"):
            database.fetch("SELECT ml.strict_v1(1.0, NULL)")


@pytest.mark.parametrize(
    "arrays", ["ARRAY[ARRAY[1.0], ARRAY[2.0]]::float8[]", "ARRAY[1.0]::float8[]", "NULL::float8[]"]
)
def test_an_array_of_other_rows_is_refused(arrays, python_url) -> None:
    _, artifact = compiled("lightgbm: extra trees", "postgres", "plpython")
    with open_database(python_url) as database, database.rehearsal():
        install(database, artifact, routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1"))
        with pytest.raises(DatabaseError, match="must have a line for each row"):
            database.fetch(
                f"SELECT ml.zoo_v1_batch(3, ARRAY['predict'], ml.zoo_v1_bytes({arrays}, 1), "
                "NULL, NULL, NULL, NULL)"
            )


def test_a_database_without_the_language_refuses_and_keeps_nothing(database_without_python) -> None:
    _, artifact = compiled(SOME[0], "postgres", "plpython")
    with open_database(database_without_python) as database:
        writer = routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1")
        with (
            pytest.raises(DatabaseError, match="this database has no plpython3u"),
            database.transaction(),
        ):
            install(database, artifact, writer)
        with database.rehearsal():
            assert database.objects(("ml",)) == {}


@pytest.fixture(params=[15, 18])
def database_without_python(request):
    return request.getfixturevalue(f"postgres{request.param}_url")


def test_a_role_that_is_no_superuser_is_told_so(python_url) -> None:
    _, artifact = compiled(SOME[0], "postgres", "plpython")
    with psycopg.connect(python_url) as connection:
        connection.execute("CREATE ROLE plain_deployer")
        connection.execute("CREATE SCHEMA ml AUTHORIZATION plain_deployer")
        connection.execute("SET LOCAL ROLE plain_deployer")
        with pytest.raises(psycopg.errors.RaiseException, match="plain_deployer may not create"):
            connection.execute(artifact.up.encode())
        connection.rollback()


def test_a_server_without_numpy_names_the_package(python_url) -> None:
    _, artifact = compiled(SOME[0], "postgres", "plpython")
    with psycopg.connect(python_url) as connection:
        connection.execute("CREATE SCHEMA ml")
        # None in sys.modules makes an import fail as that of a missing package does.
        connection.execute("DO LANGUAGE plpython3u $$ import sys; sys.modules['numpy'] = None $$")
        with pytest.raises(psycopg.Error, match="has no NumPy") as caught:
            connection.execute(artifact.up.encode())
        assert "apt-get install python3-numpy" in caught.value.diag.message_hint
        connection.rollback()


def test_numba_takes_over_in_a_session_that_has_scored_for_a_while(python_url) -> None:
    _, artifact = compiled("lightgbm: extra trees", "postgres", "plpython")
    names = [own.name for own in artifact.program.inputs]
    values = ", ".join(f'sin(i) + {place} AS "{name}"' for place, name in enumerate(names))
    soon = artifact.up.replace("COMPILE_AFTER = 1.0", "COMPILE_AFTER = 1e-9")
    assert soon != artifact.up
    rows = f"CREATE TEMPORARY TABLE wide AS SELECT i, {values} FROM generate_series(1, 20000) AS i"
    query = f"SELECT array_agg(margin) FROM ({batch_select(artifact, 'wide', key='i')}) AS s"
    with psycopg.connect(python_url) as connection:
        connection.execute("CREATE SCHEMA ml")
        connection.execute(soon.encode())
        connection.execute(rows)
        answers = [connection.execute(query).fetchone()[0] for _ in range(2)]
        connection.execute(NUMBA_IS_LOADED)
        loaded = connection.execute("SELECT pg_temp.numba_is_loaded()").fetchone()
        connection.rollback()
    assert loaded == (True,)
    assert answers[0] == answers[1]


NUMBA_IS_LOADED = """
CREATE FUNCTION pg_temp.numba_is_loaded() RETURNS boolean LANGUAGE plpython3u AS
$$ import sys; return "numba" in sys.modules $$
"""
