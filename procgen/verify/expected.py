"""What a database must answer: what Python does, but for the rows that a policy keeps from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procgen.frontends import python_answers
from procgen.ir.interpreter import Row, Value
from procgen.ir.policies import is_hidden, raises
from procgen.ir.program import OutputName, Program


def answerable(program: Program, rows: Sequence[Row]) -> list[Row]:
    """The rows on which no policy raises an error: one such row ends a query without an answer."""
    return [row for row in rows if not raises(program, row)]


def expected_answers(
    program: Program, model: Any, rows: Sequence[Row]
) -> dict[OutputName, list[Value]]:
    """Python's answers, and None for the rows that score NULL by policy."""
    answers = python_answers(model, program.inputs, rows)
    for place, row in enumerate(rows):
        if is_hidden(program, row):
            for values in answers.values():
                values[place] = None
    return answers
