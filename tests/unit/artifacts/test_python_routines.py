"""What PL/Python runs, run here: rows and batches answer as the interpreter does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from procgen.artifacts.batch_calls import read_inputs
from procgen.artifacts.plpython import PythonWriter
from procgen.backends.python_rows import MOST_SPLITS, printed_row
from procgen.backends.python_trees import MOST_LEVELS
from procgen.backends.routines import RoutineWriter, Schema
from procgen.compiler import compile_model
from procgen.ir.expressions import Call, Column, Function, Reference, Vector
from procgen.ir.interpreter import interpret
from procgen.ir.lengths import length_of
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import depth
from procgen.ir.types import DType, Field, ListType
from procgen.ir.typing import Typing
from procgen.ir.walk import trees_of
from procgen.kernels.packing import pack
from procgen.kernels.runtime.model import Model
from procgen.kernels.runtime.wire import answered
from tests.kernel_models import EVERY, compiled, differences, some_rows
from tests.python_bodies import function_of

SENT = {
    DType.FLOAT64: np.float64,
    DType.FLOAT32: np.float32,
    DType.INT64: np.int64,
    DType.BOOL: np.bool_,
}
CELL = np.dtype([("bits", np.int32), ("value", ">i8")])


@pytest.fixture(scope="module", params=EVERY)
def artifact(request):
    return compiled(request.param, "postgres")[1]


def printed_bodies(artifact):
    """The bodies that are printed for rows, by output; others are the kernel's."""
    schema = Schema(artifact.dialect, "ml", f"{artifact.name}_v1")
    typing = Typing.of(artifact.lowered)
    writer = RoutineWriter(artifact.lowered, schema, typing, in_python=True)
    python = PythonWriter.of(writer, artifact.digest)
    return {
        routine.output: python.row_body(routine)
        for routine in writer.routines()
        if routine.in_python
        and printed_row(artifact.lowered, typing, routine.output, takes_row=writer.takes_row)
    }


def wrong(artifact, rows):
    """Rows that a printed body answers otherwise than the interpreter, to the last bit."""
    want = interpret(artifact.lowered, rows)
    found = []
    for output, body in printed_bodies(artifact).items():
        call = function_of(body)
        for row, wanted in zip(rows, want[output], strict=True):
            got = call(row)
            if repr(tuple(got) if isinstance(got, list) else got) != repr(wanted):
                found.append((output, row, got, wanted))
    return found


def test_printed_rows_answer_as_the_interpreter_does(artifact) -> None:
    assert wrong(artifact, some_rows(artifact, 60, 40)) == []


def array_bytes(rows, dtype):
    """An array of rows as PostgreSQL keeps it, behind its length word."""
    cells = [cell for row in rows for cell in row]
    there = np.array([cell is not None for cell in cells], dtype=bool)
    bits = b"" if there.all() else np.packbits(there, bitorder="little").tobytes()
    padding = b"\0" * (-(32 + len(bits)) % 8)
    start = 32 + len(bits) + len(padding) if bits else 0
    head = np.array([2, start, 0, len(rows), len(rows[0]), 1, 1], dtype=np.int32).tobytes()
    kept = [cell for cell in cells if cell is not None]
    return head + bits + padding + np.array(kept, dtype=dtype).tobytes()


def test_batches_answer_as_the_interpreter_does(artifact) -> None:
    program, rows = artifact.lowered, some_rows(artifact, 60, 40)
    read = read_inputs(program)
    arrays = []
    for kind, dtype in SENT.items():
        own = [[row[one.name] for one in read if one.dtype is kind] for row in rows]
        arrays.append(array_bytes(own, dtype) if own[0] else None)
    texts = [[row[one.name] for one in read if one.dtype is DType.TEXT] for row in rows]
    model = Model(pack(program, artifact.digest, {}))
    places = [place for place, one in enumerate(program.inputs) if one in read]
    names = [output.name.value for output in program.outputs]
    cells, labels = answered(model, [len(rows), names, *arrays, texts], places)
    assert differences(artifact, rows, received(program, cells, labels, len(rows))) == []


def received(program, cells, labels, rows):
    """What SQL reads out of the cells."""
    table = np.frombuffer(cells, dtype=CELL).reshape(rows, -1)
    typing, place, got = Typing.of(program), 0, {}
    for output in program.outputs:
        is_list = isinstance(output.type, ListType)
        count = length_of(typing, Reference(output.binding)) if is_list else 1
        kind = output.type.item if is_list else output.type
        columns = [cells_of(table[:, place + one], kind, labels) for one in range(count)]
        place += count
        got[output.name] = columns[0]
        if is_list:
            found = zip(*columns, strict=True)
            got[output.name] = [None if row[0] is None else row for row in found]
    assert place == table.shape[1]
    return got


def cells_of(column, kind, labels):
    whole = column["value"].astype(np.int64)
    values = whole.view(np.float64).tolist() if kind.is_float else whole.tolist()
    convert = {DType.TEXT: lambda number: labels[number - 1], DType.BOOL: bool}.get(kind)
    bits = column["bits"].tolist()
    pairs = zip(values, bits, strict=True)
    return [None if not size else convert(v) if convert else v for v, size in pairs]


def grown(rows: int):
    """A tree that splits off one row after the other."""
    values = np.arange(rows, dtype=float)
    return DecisionTreeRegressor(random_state=0).fit(values[:, None], 3.0**values)


def test_a_tree_deeper_than_python_nests_is_split() -> None:
    artifact = compile_model(grown(300), name="deep", target="postgres", inputs=["x"])
    assert max(depth(tree) for tree in trees_of(artifact.lowered)) > 2 * MOST_LEVELS
    assert printed_bodies(artifact)
    assert wrong(artifact, [{"x": number / 2} for number in range(-2, 602)]) == []


def test_a_large_ensemble_stays_with_the_kernel() -> None:
    table = np.random.default_rng(0).normal(size=(1000, 2))
    forest = RandomForestRegressor(60, random_state=0).fit(table, table[:, 0])
    artifact = compile_model(forest, name="large", target="postgres", inputs=["a", "b"])
    assert sum(len(tree.nodes) // 2 for tree in trees_of(artifact.lowered)) > MOST_SPLITS
    assert printed_bodies(artifact) == {}


HOSTILE = (
    'x"; import os #',
    "\n  return 1",
    "$procgen$",
    "\\",
    "'''",
    "float",
    "SD[0]",
    "\U0001f600",
)


def test_hostile_names_and_categories_are_data() -> None:
    words = [f"{word} {number}" for number, word in enumerate(HOSTILE)] * 9
    table = pd.DataFrame({name: np.roll(words, place) for place, name in enumerate(HOSTILE)})
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(
        make_column_transformer((encoder, list(HOSTILE))), DecisionTreeRegressor(random_state=0)
    ).fit(table, np.arange(len(words)) % 8)
    artifact = compile_model(model, name="hostile", target="postgres")
    bodies = printed_bodies(artifact)
    assert OutputName.MARGIN in bodies
    assert "$" not in bodies[OutputName.MARGIN]
    rows = [
        {**row, HOSTILE[0]: word}
        for row in table.to_dict("records")
        for word in (row[HOSTILE[0]], None, "unseen")
    ]
    assert wrong(artifact, rows) == []


@pytest.mark.parametrize("items", [(1.0, math.nan, math.inf), (2.0, 1.0, 2.0), (math.nan, 3.0)])
def test_a_row_s_label_is_that_of_the_first_largest_margin_and_nan_is_the_largest(items) -> None:
    names = "abc"[: len(items)]
    margin = Call(Function.ARGMAX, Vector(tuple(map(Column, names))))
    program = Program(
        tuple(Field(name, DType.FLOAT64) for name in names),
        (),
        (Binding("predict", margin),),
        (Output(OutputName.PREDICT, DType.INT64, "predict"),),
    )
    steps = printed_row(program, Typing.of(program), OutputName.PREDICT, takes_row=False)
    body = [line for lines in steps.helpers.values() for line in lines] + steps.lines
    assert function_of("\n".join(body))(dict(zip(names, items, strict=True))) == np.argmax(items)
    model = Model(pack(program, "", {}))
    found, _ = model.score([[item] for item in items])["predict"]
    assert found.tolist() == [np.argmax(items)]
