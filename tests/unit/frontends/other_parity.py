"""What the other libraries say, compared with the interpreter row by row."""

from __future__ import annotations

import struct
from typing import Any

from procgen.frontends import python_answers, read_model
from procgen.frontends.reading import Source, column_count, entry, known_names
from procgen.ir.interpreter import interpret
from procgen.verify import probe_rows, random_rows
from procgen.verify.compare import Judge, is_refused, row_scores


def read(model: Any, types: Any = None) -> Source:
    """Read a model; columns without names get some."""
    count = column_count(entry(model))
    named = known_names(entry(model)) is not None
    return read_model(model, None if named else [f"x{place}" for place in range(count)], types)


def bits(value: Any) -> Any:
    """A value that is equal to another one only if their bits are."""
    if isinstance(value, list | tuple):
        return tuple(map(bits, value))
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


def assert_equal(model: Any, types: Any = None, *, limit: int = 200) -> Source:
    """Every score is Python's: bit for bit or within the bound of the Judge."""
    source = read(model, types)
    program = source.program
    rows = probe_rows(program, limit=limit) + random_rows(program, limit // 2)
    want, got = python_answers(model, program.inputs, rows), interpret(program, rows)
    judge = Judge(program)
    scored = 0
    for at, row in enumerate(rows):
        ours, theirs = row_scores(got, at), row_scores(want, at)
        assert is_refused(ours) == is_refused(theirs), row
        if not is_refused(ours):
            assert not judge.compare(row, ours, theirs).differences, row
            scored += 1
    assert scored > limit / 4
    return source
