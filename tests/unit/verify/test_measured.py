"""The note beside the cases is believed only where it is about these rows and this model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from procgen.ir.interpreter import interpret
from procgen.verify import cases as cases_module
from procgen.verify.cases import Cases, parse_cases, print_cases
from procgen.verify.coverage import measure
from procgen.verify.measured import counts_of, coverage_counts, with_note
from tests.golden_models import boosted_classifier

ROWS = [{"age": age, "plan": "basic", "visits": 2} for age in (1.0, 50.0)]
PROGRAM = boosted_classifier()


@pytest.fixture
def noted():
    counts = coverage_counts(measure(PROGRAM, ROWS))
    return with_note(Cases(ROWS, interpret(PROGRAM, ROWS)), counts, "abc")


def forged(cases, **changes):
    note = json.loads(cases.note)
    note["counts"] = {**note["counts"], "reached": 77}
    return replace(cases, note=json.dumps(note | changes))


def test_the_note_survives_the_file(noted):
    found = parse_cases(PROGRAM, print_cases(PROGRAM, noted), "cases")
    assert found.note == noted.note
    assert counts_of(PROGRAM, found, "abc")["reached"] == 3
    assert print_cases(PROGRAM, found) == print_cases(PROGRAM, noted)


def test_it_is_believed_for_these_rows_and_this_model(noted):
    assert counts_of(PROGRAM, forged(noted), "abc")["reached"] == 77


@pytest.mark.parametrize("changes", [{"model": "other"}, {"rows": "other"}])
def test_and_for_no_others(noted, changes):
    assert counts_of(PROGRAM, forged(noted, **changes), "abc")["reached"] == 3


def test_another_row_is_measured_again(noted):
    other = replace(forged(noted), rows=[{**ROWS[0], "age": 2.0}, ROWS[1]])
    assert counts_of(PROGRAM, other, "abc")["reached"] == 3


@pytest.mark.parametrize("note", [None, "", "{", "[]"])
def test_without_a_note_it_is_measured(noted, note):
    assert counts_of(PROGRAM, replace(noted, note=note), "abc")["reached"] == 3


def test_a_file_of_an_older_procgen_has_no_note(noted):
    content = print_cases(PROGRAM, replace(noted, note=None))
    assert cases_module.NOTE.encode() not in content
    assert parse_cases(PROGRAM, content, "cases").note is None
