"""`--lowering` and `--explain`: how trees are written, what else they could be, and the costs."""

from __future__ import annotations

import json

from procgen.cli import main
from tests.cli.conftest import line, snapshot, tree


def compiled(run, path, *arguments):
    return run("compile", path, "--name", "churn", *arguments)


def test_explain_lists_every_way_to_write_the_trees_and_says_which_is_taken(run, save):
    code, out, err = compiled(run, save(tree()), "--explain")
    assert (code, err) == (0, "")
    words = [told.split() for told in out.splitlines()]
    heads = [told[0] for told in words if told[1:3] == ["routine", "lowering"]]
    assert heads == ["duckdb", "postgres"]
    assert ["ml.churn_v1", "expression"] in [told[:2] for told in words]
    assert ["ml.churn_v1_rows", "expression"] in [told[:2] for told in words]
    assert out.count("taken: ") == 3


def test_what_is_asked_for_is_written_and_kept(project, run, save):
    path = save(tree())
    code, out, _ = compiled(run, path, "--lowering", "nodes", "--explain")
    assert code == 0
    asked = [told.split()[0] for told in out.splitlines() if "taken: asked for" in told]
    assert asked == ["nodes", "nodes"]
    up = project / "migrations" / "duckdb" / "0002_churn_v1.up.sql"
    assert "churn_v1_nodes" in up.read_text()
    model = json.loads((project / "models" / "churn_v1.json").read_text())
    assert model["provenance"]["lowering"] == "nodes"
    before = snapshot(project)
    assert "nothing was written" in compiled(run, path)[1]
    assert "nothing was written" in compiled(run, path, "--lowering", "nodes")[1]
    assert snapshot(project) == before


def test_another_lowering_is_another_version(project, run, save):
    path = save(tree())
    assert compiled(run, path)[0] == 0
    code, out, _ = compiled(run, path, "--lowering", "loop")
    assert code == 0
    assert "churn v2" in out
    assert "differs from v1: --language sql --lowering loop" in out
    up = project / "migrations" / "postgres" / "0003_churn_v2.up.sql"
    assert "LOOP" in up.read_text()


def test_a_lowering_that_is_not_known_or_not_the_engines_is_refused(project, run, save):
    path, before = save(tree()), snapshot(project)
    code, _, err = compiled(run, path, "--lowering", "magic")
    assert (code, "there is no lowering 'magic'" in err, "it is one of" in err) == (3, True, True)
    code, _, err = compiled(run, path, "--lowering", "loop", "--target", "duckdb")
    assert (code, "--lowering loop is postgres's" in err) == (3, True)
    assert snapshot(project) == before


def test_a_model_without_trees_has_no_lowering_to_choose(project, run, save):
    path = save(line((1.0, 2.0), ("age", "income")), "linear.skops")
    before = snapshot(project)
    for lowering, told in (("nodes", "no trees of this model"), ("loop", "cannot be written")):
        code, _, err = compiled(run, path, "--lowering", lowering)
        assert (code, told in err) == (3, True)
    assert snapshot(project) == before
    out = compiled(run, path, "--explain")[1]
    assert out.count("there are no trees to write in another way") == 2


def test_json_has_the_costs_in_seconds(run, save, capsys):
    path = save(tree())
    explained = json.loads(compiled(run, path, "--explain", "--json")[1])["choices"]
    assert main(["check", path, "--json"]) == 0
    checked = {
        one["engine"]: one["choices"] for one in json.loads(capsys.readouterr().out)["engines"]
    }
    assert checked == explained
    first = explained["duckdb"][0]
    assert first["taken"] in first["costs"]
    assert all(list(cost) == ["1", "1000", "1000000"] for cost in first["costs"].values())
    assert all(cost["1"] <= cost["1000000"] for cost in first["costs"].values())
