"""The marked script is the script, and each mark stands on the text of its node."""

from __future__ import annotations

import pytest

from procgen.backends.pieces import tree_texts
from procgen.compiler import compile_source
from procgen.verify import listing as module
from procgen.verify.coverage import measure
from procgen.verify.listing import listing, marks_of
from procgen.verify.mutation import Survivor
from procgen.verify.scoring import routine_writer
from tests.golden_models import boosted_classifier, forest_of_three_classes, source


def listed(program, engine, rows=(), survivors=()):
    artifact = compile_source(source(program), name="m", target=engine)
    writer = routine_writer(artifact.lowered, engine, "ml", "m_v1")
    marks = marks_of(measure(artifact.lowered, rows), survivors)
    return artifact, listing(artifact.up, artifact.lowered, tree_texts(writer, artifact.up), marks)


def texts(found, kind):
    return [run.text for run in found.runs if run.kind == kind]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@pytest.mark.parametrize("program", [boosted_classifier, forest_of_three_classes])
def test_nothing_but_marks_is_added(engine, program):
    artifact, found = listed(program(), engine)
    assert "".join(run.text for run in found.runs) == artifact.up
    assert len(texts(found, "missed")) >= 5
    assert texts(found, "reached") == []
    assert found.excerpt


def test_a_row_takes_the_mark_off_its_leaves_alone():
    row = {"age": 40.0, "plan": "basic", "visits": 2}
    _, found = listed(boosted_classifier(), "duckdb", [row])
    assert texts(found, "reached") == ["-0.5e0", "0.1e0"]
    assert texts(found, "missed") == ["0.125e0", "0.25e0", "-0.1e0"]


def test_a_living_mutant_marks_its_condition():
    survivor = Survivor("threshold", "trees tree 1 node 0, the input visits", None)
    _, found = listed(boosted_classifier(), "postgres", survivors=[survivor])
    assert texts(found, "living") == ["\"visits\" <= '2'::int8"]


def test_a_long_script_is_the_trees_to_look_at(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10)
    _, found = listed(boosted_classifier(), "duckdb")
    assert found.runs == found.excerpt
    assert found.left_out == 0
    every = [{"age": age, "plan": plan, "visits": 2} for age in (1.0, 50.0) for plan in "ab"]
    every.append({"age": 40.0, "plan": "basic", "visits": 9})
    _, found = listed(boosted_classifier(), "duckdb", every)
    assert "".join(run.text for run in found.runs).startswith("/* tree 0 */")
    assert found.left_out == 1
