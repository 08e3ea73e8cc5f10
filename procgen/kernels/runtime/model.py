"""A packed model, ready to score: whole columns with `score`, one row with `row`."""

from __future__ import annotations

import json
import time

import numpy as np

from procgen.kernels.runtime.ensemble import Trees
from procgen.kernels.runtime.values import column_of, constant_of, either, holds, missing, stepped

BLOCK_ROWS = 8192
COMPILE_AFTER = 1.0
"""Seconds that a session has scored without Numba when compiling, which takes as long, can pay."""


class Model:
    """A model read from its packed text."""

    def __init__(self, text: str) -> None:
        packed = json.loads(text)
        self.digest = packed["digest"]
        self.inputs = [(name, dtype) for name, dtype in packed["inputs"]]
        self.steps = packed["steps"]
        self.requirements = packed["requirements"]
        self.outputs = {name: (step, dtype) for name, step, dtype in packed["outputs"]}
        self.trees = [Trees(ensemble) for ensemble in packed["ensembles"]]
        self.is_asked, self.spent = False, 0.0
        self.admission = self._order({step for step, *_ in self.requirements})
        self.orders = {name: self._order({step}) for name, (step, _) in self.outputs.items()}

        is_column = [step[0] == "column" for step in self.steps]
        self.read = [(p, self.steps[p][1]) for p, column in enumerate(is_column) if column]
        self.row_admission = [p for p in self.admission if not is_column[p]]
        self.row_orders = {
            name: [p for p in order if not is_column[p]] for name, order in self.orders.items()
        }

    def _order(self, wanted):
        """These steps and what they need, in their order."""
        wanted = set(wanted)
        for place in range(len(self.steps) - 1, -1, -1):
            if place in wanted:
                wanted.update(read_by(self.steps[place], self.trees))
        return sorted(wanted)

    def compile(self) -> bool:
        """Score with compiled functions from now on; False where there is no Numba."""
        self.is_asked = True
        return all(trees.compile() for trees in self.trees)

    def score(self, columns: list, names: list | None = None) -> dict:
        """The outputs of whole columns: for each a value, NULL where a row is refused.

        Args:
            columns: for each input a list of cells, None where missing, or an array.
            names: the outputs that are wanted; all of them without it.
        """
        names = list(self.outputs) if names is None else names
        inputs = [column_of(c, dtype) for c, (_, dtype) in zip(columns, self.inputs, strict=True)]
        rows = len(inputs[0][0])
        order = sorted(set(self.admission).union(*(self.orders[name] for name in names)))
        parts = []
        with np.errstate(all="ignore"):
            for start in range(0, max(rows, 1), BLOCK_ROWS):
                part = slice(start, min(start + BLOCK_ROWS, rows))
                block = inputs
                if rows > BLOCK_ROWS:
                    block = [(c[part], None if n is None else n[part]) for c, n in inputs]
                parts.append(self._score_block(block, names, order, part.stop - start))
        return {name: joined([part[name] for part in parts]) for name in names}

    def score_again(self, columns, names):
        """The same in a session that may go on: it has functions compiled once they would pay."""
        if self.spent >= COMPILE_AFTER and not self.is_asked:
            self.compile()
        began = time.perf_counter()
        scores = self.score(columns, names)
        self.spent += time.perf_counter() - began
        return scores

    def cells(self, record):
        """The cells of a row that a server gives as one record."""
        return [None if record is None else record[name] for name, _ in self.inputs]

    def _score_block(self, inputs, names, order, rows):
        values = {}
        for place in order:
            match self.steps[place]:
                case ["column", index]:
                    values[place] = inputs[index]
                case ["ensemble", number]:
                    values[place] = self.trees[number].add(values, rows)
                case step:
                    values[place] = stepped(step, values, rows)
        refused = self._refused(values)
        return {name: hidden(values[self.outputs[name][0]], refused) for name in names}

    def _refused(self, values):
        """Where a row is not scored, or None; a requirement with a message raises instead."""
        refused = None
        for step, test, accepts_missing, message in self.requirements:
            if all_between(values[step], test):
                continue
            gone = missing(values[step])
            broken = ~holds(values[step], test)
            if gone is not None:
                broken = np.where(gone, not accepts_missing, broken)
            if not broken.any():
                continue
            if message is not None:
                raise ValueError(message)
            refused = either(refused, broken)
        return refused

    def row(self, cells, name):
        """One output of one row, None where the row is refused."""
        values = {place: cells[index] for place, index in self.read}
        self._run_row(self.row_admission, values)
        if not self._admitted(values):
            return None
        self._run_row(self.row_orders[name], values)
        return values[self.outputs[name][0]]

    def _run_row(self, order, values):
        for place in order:
            if place in values:
                continue
            match self.steps[place]:
                case ["ensemble", number]:
                    trees = self.trees[number]
                    values[place] = trees.add_row([values[step] for step in trees.steps])
                case ["element", vector, index]:
                    values[place] = values[vector][index]
                case ["vector", items]:
                    values[place] = [values[item] for item in items]
                case ["same", operand]:
                    values[place] = values[operand]
                case step:
                    values[place] = self._stepped_row(step, values)

    def _stepped_row(self, step, values):
        """A step that has no short way for one row: a block of one row."""
        block = {place: as_block(values[place]) for place in read_by(step, self.trees)}
        with np.errstate(all="ignore"):
            return as_cells(stepped(step, block, 1))

    def _admitted(self, values):
        admitted = True
        for step, test, accepts_missing, message in self.requirements:
            if not keeps(values[step], test, accepts_missing=accepts_missing):
                if message is not None:
                    raise ValueError(message)
                admitted = False
        return admitted


def all_between(value, test):
    """Whether no cell is missing or outside, as one product tells; False where it does not tell.

    A sum of squares is no less than any of them, however it is rounded and in whatever order, and
    with NaN it is NaN. So below the square of the nearer bound it speaks for every cell.
    """
    cells, null = value
    if test[0] != "between" or null is not None or cells.dtype != np.float64:
        return False
    bound = min(-test[1], test[2])
    return bound > 0 and bool(cells.dot(cells) < bound * bound)


def read_by(step, trees):
    """The earlier steps that a step reads."""
    match step:
        case ["same" | "fill" | "match" | "choose" | "element", operand, *_]:
            return [operand]
        case ["unary" | "call", _, operand]:
            return [operand]
        case ["binary", _, left, right]:
            return [left, right]
        case ["sum" | "vector", items]:
            return items
        case ["branch", subject, _, *sides]:
            return [subject, *sides]
        case ["ensemble", number]:
            return trees[number].steps
        case _:
            return []


def keeps(cell, test, *, accepts_missing):
    """Whether one cell meets a requirement."""
    if cell is None or cell != cell:  # noqa: PLR0124 - true of NaN
        return accepts_missing
    match test:
        case ["between", low, high]:
            return low <= cell <= high
        case ["among", categories]:
            return cell in categories
        case _:
            return True


def as_block(cell):
    """A cell or a list of cells as a block of one row."""
    if isinstance(cell, list):
        return [as_block(item) for item in cell]
    dtype = "text" if isinstance(cell, str) else None
    if isinstance(cell, bool):
        dtype = "bool"
    elif isinstance(cell, int):
        dtype = "int64"
    return constant_of(cell, dtype or "float64", 1)


def as_cells(value):
    """A block of one row as a cell or a list of cells."""
    if isinstance(value, list):
        return [as_cells(item) for item in value]
    cells, null = value
    if null is not None and null[0]:
        return None
    return cells[0] if cells.dtype == object else cells[0].item()


def hidden(value, refused):
    """A value that is NULL in the rows that are refused, if any are."""
    if refused is None:
        return value
    if isinstance(value, list):
        return [hidden(item, refused) for item in value]
    cells, null = value
    return cells, either(null, refused)


def joined(parts):
    """The blocks of one output, one after the other."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], list):
        return [joined(items) for items in zip(*parts, strict=True)]
    cells = np.concatenate([part for part, _ in parts])
    if all(null is None for _, null in parts):
        return cells, None
    nulls = [np.zeros(len(c), dtype=bool) if n is None else n for c, n in parts]
    return cells, np.concatenate(nulls)
