"""Before a version's files are written, every row's answer is compared with Python's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.ensemble import RandomForestClassifier

from procgen.backends.duckdb import DUCKDB
from procgen.errors import ParityError
from procgen.frontends import read_model
from procgen.ir.trees import Leaf
from procgen.passes import lower
from procgen.verify import check_answers, parity
from procgen.verify.cases import Cases
from procgen.verify.expected import answerable, expected_answers
from procgen.verify.suites import suite_rows
from tests.models_zoo import numbers, three


@pytest.fixture(scope="module")
def asked():
    """A forest of three classes, as it was read, and cases that Python answered."""
    forest = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=0)
    model = forest.fit(numbers(), three())
    source = read_model(model)
    rows = answerable(source.program, suite_rows(lower(source.program, DUCKDB.target)))
    return source, Cases(rows, expected_answers(source.program, model, rows))


def with_another_last_leaf(program):
    """The Program with the last leaf of its last tree changed by one unit in its first value."""
    binding = next(b for b in program.bindings if hasattr(b.value, "trees"))
    tree = binding.value.trees[-1]
    place = max(n for n, node in enumerate(tree.nodes) if isinstance(node, Leaf))
    values = tree.nodes[place].values
    leaf = Leaf((values[0] + 1.0, *values[1:]))
    nodes = (*tree.nodes[:place], leaf, *tree.nodes[place + 1 :])
    ensemble = replace(binding.value, trees=(*binding.value.trees[:-1], replace(tree, nodes=nodes)))
    bindings = tuple(replace(b, value=ensemble) if b is binding else b for b in program.bindings)
    return replace(program, bindings=bindings)


@pytest.mark.parametrize("visits", [1, 10**9])
def test_a_leaf_that_is_read_wrongly_is_found_however_few_rows_are_interpreted(
    asked, visits, monkeypatch
):
    source, cases = asked
    monkeypatch.setattr(parity, "VISITS", visits)
    assert check_answers(source, cases).ok
    wrong = replace(source, program=with_another_last_leaf(source.program))
    with pytest.raises(ParityError, match="does not answer as Python does"):
        check_answers(wrong, cases)


def test_a_large_model_is_interpreted_in_part_and_scored_by_the_kernel_whole(asked, monkeypatch):
    source, cases = asked
    monkeypatch.setattr(parity, "VISITS", 1)
    report = check_answers(source, cases)
    assert (report.rows, report.interpreted) == (len(cases.rows), 1)
