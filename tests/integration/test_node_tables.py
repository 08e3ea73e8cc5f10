"""The node table of a forest on DuckDB: it cannot be changed, and what can happen to it is seen."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestRegressor

from procgen.backends.lowering import Lowering
from procgen.errors import DatabaseError
from tests.forced import forced
from tests.projects import write_sums

pytestmark = pytest.mark.duckdb
ROWS = np.random.default_rng(0).normal(size=(400, 2))
MODEL = RandomForestRegressor(4, max_depth=4, random_state=0).fit(
    pd.DataFrame(ROWS, columns=["a", "B b"]), ROWS[:, 0] * ROWS[:, 1]
)


@pytest.fixture
def forest(duckdb_team):
    """A team whose champion is walked."""
    team = duckdb_team
    path = team.root / "level.skops"
    path.write_bytes(skops.io.dumps(MODEL))
    with forced(Lowering.NODES):
        team.write("compile", path, "--name", "level")
    team.write("promote", "level", "v1")
    team.ok("apply")
    return team


def expected() -> float:
    return MODEL.predict(pd.DataFrame([[0.5, -0.25]], columns=["a", "B b"]))[0]


def findings(team, *words):
    code, out, _ = team.on("drift", "--json", *words)
    return code, [(one["name"], one["cause"]) for one in json.loads(out)]


def test_the_table_is_an_object_of_the_version_and_goes_with_it(forest):
    assert {"table ml.level_v1_nodes", "table macro ml.level_v1_rows"} <= set(forest.objects())
    assert forest.value("ml.level(0.5, -0.25)") == expected()
    assert findings(forest, "--against", "files") == (0, [])
    before = forest.objects()
    forest.ok("rollback", "--steps", "1")
    for path in forest.folder.glob("0003_*"):
        path.unlink()
    write_sums(forest.folder)
    forest.write("retire", "level", "v1")
    forest.ok("apply")
    assert forest.objects() == {}
    forest.ok("rollback", "--steps", "1")
    assert forest.objects() == {name: one for name, one in before.items() if "_v1" in name}
    forest.ok("rollback", "--to", "1")
    assert forest.objects() == {}


CHANGES = (
    "UPDATE ml.level_v1_nodes SET v0_1 = list_transform(v0_1, lambda x: x * (1 + 2.3e-16));",
    "UPDATE ml.level_v1_nodes SET v0_1 = list_transform(v0_1, lambda x: -x);",
    "UPDATE ml.level_v1_nodes SET r0_1 = r0_1[2:];",
    "UPDATE ml.level_v1_nodes SET n1 = list_reverse(n1);",
    "INSERT INTO ml.level_v1_nodes FROM ml.level_v1_nodes;",
    "DROP TABLE ml.level_v1_nodes;",
)


def test_other_numbers_are_refused(forest):
    for change in CHANGES:
        with pytest.raises(DatabaseError, match=r"CHECK constraint|Duplicate key|depend on it"):
            forest.execute(change)
    assert findings(forest) == (0, [])


def test_a_row_that_is_gone_is_drift_and_comes_back(forest):
    before = forest.objects()
    forest.execute("DELETE FROM ml.level_v1_nodes;")
    assert forest.value("ml.level(0.5, -0.25)") is None
    assert findings(forest) == (1, [("table ml.level_v1_nodes", "drifted")])
    assert forest.on("verify")[0] == 1
    forest.ok("repair", "0002")
    assert forest.value("ml.level(0.5, -0.25)") == expected()
    assert forest.objects() == before
    assert findings(forest) == (0, [])


def test_a_view_a_prepared_statement_and_an_exported_file_read_the_table(forest, tmp_path):
    forest.execute("CREATE VIEW main.scored AS SELECT ml.level(0.5, -0.25) AS score;")
    forest.execute(f"EXPORT DATABASE '{tmp_path / 'export'}' (FORMAT parquet);")
    elsewhere = duckdb.connect()
    elsewhere.execute(f"IMPORT DATABASE '{tmp_path / 'export'}'")
    assert elsewhere.execute("FROM scored").fetchall() == [(expected(),)]
    elsewhere.execute("PREPARE scoring AS SELECT ml.level($1, $2)")
    assert elsewhere.execute("EXECUTE scoring(0.5, -0.25)").fetchall() == [(expected(),)]
    elsewhere.close()
    attached = duckdb.connect()
    attached.execute(f"ATTACH '{forest.url.removeprefix('duckdb:///')}' AS other (READ_ONLY)")
    assert attached.execute("FROM other.scored").fetchall() == [(expected(),)]
    attached.close()


@pytest.mark.parametrize("lowering", [Lowering.NODES, Lowering.PASSES])
def test_what_is_attached_reads_the_table_macro(duckdb_team, lowering):
    team = duckdb_team
    path = team.root / "level.skops"
    path.write_bytes(skops.io.dumps(MODEL))
    team.execute('CREATE SCHEMA app; CREATE TABLE app.t (id BIGINT PRIMARY KEY, a REAL, "x" INT);')
    words = ("attach", "level", "--table", "app.t", "--key", "id", "--map", "B b=x", "--as")
    with forced(lowering):
        team.write("compile", path, "--name", "level")
        team.write("promote", "level", "v1")
        team.ok("apply")
        for form in ("trigger", "procedure"):
            code, out, err = team.on(*words, form)
            assert code == 0, out + err
    texts = {path.name[5:]: path.read_text() for path in team.folder.glob("*attach*.up.sql")}
    reads = {name: "level_v1_rows" in text for name, text in texts.items()}
    assert reads == {
        "level_attach_trigger_t.up.sql": lowering is Lowering.NODES,
        "level_attach_procedure_t.up.sql": True,
    }
    team.ok("apply")
    team.execute("INSERT INTO app.t VALUES (1, 0.5, 1), (2, -1.5, 0), (3, NULL, 1);")
    scores = "SELECT id, prediction FROM ml.level_predictions ORDER BY id"
    frame = pd.DataFrame({"a": [0.5, -1.5, None], "B b": [1, 0, 1]})
    wanted = [(place, one) for place, one in enumerate(MODEL.predict(frame), start=1)]
    assert team.fetch(scores) == wanted
    team.execute("DELETE FROM ml.level_predictions;")
    team.ok("score", "level")
    assert team.fetch(scores) == wanted
    assert team.on("test", "level")[0] == 0
