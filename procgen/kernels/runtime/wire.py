"""PostgreSQL's arrays as columns and scores as cells, byte by byte: no number becomes a text.

An array comes as its bytes in memory: three words (dimensions, where the values begin if a list of
NULLs stands before them, the type), the size and first place of each dimension, the values. A cell
of the answer is the length of eight bytes in bits and these bytes, the highest first; zeros where
it is NULL.
"""

from __future__ import annotations

import numpy as np

from procgen.kernels.runtime.values import column_of, doubles

KINDS = {"float64": np.float64, "float32": np.float32, "int64": np.int64, "bool": np.bool_}
"""The types of the arrays that come as bytes, in the order of the routine's parameters."""
CELL = np.dtype([("bits", np.int32), ("value", ">i8")])
LENGTH_WORD = 4
"""What stands before an array in memory and not in its bytes."""
HEADER = 28
"""Three words and four for two dimensions."""
TURNED_ROWS = 512
"""Rows that become columns at a time, so that both stay in a processor's cache."""
UNEVEN = "the arrays of a batch must have a line for each row"


def answered(model, args, read):
    """The scores of a batch: their cells, row by row, and the texts that cells give the number of.

    Args:
        model: what scores.
        args: how many rows, which outputs, an array of rows for each of `KINDS`, and one of texts.
        read: the places of the inputs that stand in these arrays, each in its type's.
    """
    rows, names, *arrays, texts = args
    if not rows:
        return b"", []
    columns = received(model.inputs, rows, (arrays, texts), read)
    scores = model.score_again(columns, names)
    return sent([(scores[name], model.outputs[name][1]) for name in names], rows)


def received(inputs, rows, sources, read):
    """A column for each input; those that no step reads are not sent and stay zeros."""
    arrays, texts = sources
    columns = [(np.zeros(rows), None)] * len(inputs)
    for kind, raw in zip(KINDS, arrays, strict=True):
        places = [place for place in read if inputs[place][1] == kind]
        if places:
            found = unpacked(raw, KINDS[kind], rows, len(places))
            for place, column in zip(places, found, strict=True):
                columns[place] = column
    places = [place for place in read if inputs[place][1] == "text"]
    if places:
        if texts is None or len(texts) != rows:
            raise ValueError(UNEVEN)
        for place, cells in zip(places, zip(*texts, strict=True), strict=True):
            columns[place] = column_of(list(cells), "text")
    return columns


def unpacked(raw, dtype, rows, width):
    """The columns of an array of rows from its bytes."""
    words = np.frombuffer(raw, np.int32, HEADER // 4).tolist() if raw else [0] * 5
    dimensions, start, _, *sizes = words
    if dimensions != 2 or sizes[:2] != [rows, width]:
        raise ValueError(UNEVEN)
    if not start:
        cells, gone = np.frombuffer(raw, dtype, rows * width, HEADER), None
    else:
        bits = np.frombuffer(raw, np.uint8, -(-rows * width // 8), HEADER)
        there = np.unpackbits(bits, count=rows * width, bitorder="little").view(bool)
        cells = np.full(rows * width, np.nan if np.dtype(dtype).kind == "f" else 0, dtype=dtype)
        values = np.frombuffer(raw, dtype, int(there.sum()), start - LENGTH_WORD)
        cells[there], gone = values, np.ascontiguousarray(~there.reshape(rows, width).T)
    # A copy in any case: compiled functions would be compiled again for bytes that are read-only.
    lines = np.empty((width, rows), dtype=np.float64 if dtype is np.float32 else dtype)
    table = cells.reshape(rows, width)
    for first in range(0, rows, TURNED_ROWS):
        part = slice(first, first + TURNED_ROWS)
        lines[:, part] = table[part].T
    return [
        (line, gone[place] if gone is not None and gone[place].any() else None)
        for place, line in enumerate(lines)
    ]


def sent(scores, rows):
    """Scores, each with its type, as the cells of each row and the texts that they number."""
    columns = [
        (column, dtype)
        for value, dtype in scores
        for column in (value if isinstance(value, list) else [value])
    ]
    cells, texts = np.zeros((rows, len(columns)), dtype=CELL), {}
    for place, ((found, null), dtype) in enumerate(columns):
        there = slice(None) if null is None else ~null
        cells["bits"][there, place] = 64
        cells["value"][there, place] = as_wholes(found[there], dtype, texts)
    return cells.tobytes(), list(texts)


def as_wholes(found, dtype, texts):
    """Eight bytes a cell: those of a double, a whole number, or the number of a text from 1."""
    if dtype == "text":
        numbers = (texts.setdefault(cell, len(texts) + 1) for cell in found)
        return np.fromiter(numbers, np.int64, len(found))
    if dtype in ("float64", "float32"):
        return doubles(np.ascontiguousarray(found)).view(np.int64)
    return found.astype(np.int64)
