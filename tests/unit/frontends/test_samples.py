from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from procgen.errors import CorruptFileError, InputsError, ProcgenError
from procgen.frontends.samples import ROWS, read_inputs, read_sample, sample_rows, sample_types
from procgen.ir.types import DType, Field


def test_types_come_from_the_columns_of_a_parquet_file(tmp_path):
    table = pa.table(
        {
            "flag": [True, None],
            "count": pa.array([1, 2], pa.int32()),
            "small": pa.array([1.5, 2.5], pa.float32()),
            "plan": pa.array(["a", "b"]).dictionary_encode(),
            "ignored": pa.array([[1], [2]]),
        }
    )
    parquet.write_table(table, tmp_path / "rows.parquet")
    found = sample_types(
        read_sample(tmp_path / "rows.parquet"), ["flag", "count", "small", "plan", "other"]
    )
    assert found == {
        "flag": DType.BOOL,
        "count": DType.INT64,
        "small": DType.FLOAT32,
        "plan": DType.TEXT,
    }


def test_rows_keep_null_and_nan_apart(tmp_path):
    parquet.write_table(pa.table({"x": [1.0, None, float("nan")]}), tmp_path / "rows.parquet")
    rows = sample_rows(read_sample(tmp_path / "rows.parquet"), [Field("x", DType.FLOAT64)])
    assert [repr(row["x"]) for row in rows] == ["1.0", "None", "nan"]


def test_a_csv_has_its_types_and_an_empty_column_is_a_number(tmp_path):
    (tmp_path / "rows.csv").write_text("age,plan,gap\n1.5,basic,\n2.5,pro,\n")
    table = read_sample(tmp_path / "rows.csv")
    assert sample_types(table, ["age", "plan", "gap"]) == {
        "age": DType.FLOAT64,
        "plan": DType.TEXT,
        "gap": DType.FLOAT64,
    }


def test_a_declared_type_converts_the_values_of_the_sample():
    rows = sample_rows(pa.table({"x": [1, 2]}), [Field("x", DType.FLOAT64)])
    assert [repr(row["x"]) for row in rows] == ["1.0", "2.0"]


def test_only_the_first_rows_become_cases():
    rows = sample_rows(pa.table({"x": range(ROWS + 1)}), [Field("x", DType.INT64)])
    assert [row["x"] for row in rows] == list(range(ROWS))


def test_a_value_that_its_type_cannot_hold_is_refused():
    with pytest.raises(InputsError, match="'x' does not hold int64"):
        sample_rows(pa.table({"x": [1.5]}), [Field("x", DType.INT64)])


def test_a_missing_column_is_named():
    with pytest.raises(InputsError, match="has no column 'y'; it has 'x'"):
        sample_rows(pa.table({"x": [1.5]}), [Field("y", DType.FLOAT64)])


def test_a_type_that_no_input_has_is_refused():
    with pytest.raises(InputsError, match="'when' is of type date32"):
        sample_types(pa.table({"when": pa.array([1], pa.date32())}), ["when"])


def test_a_column_given_twice_is_refused():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(InputsError, match="two columns named 'x'"):
        sample_types(table, ["x"])


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b'a,b\n"1,2,3\n4\n\xff')
    with pytest.raises(CorruptFileError, match=name):
        read_sample(tmp_path / name)


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ProcgenError, match=r"give a \.parquet or a \.csv file"):
        read_sample(tmp_path / "rows.xlsx")


@pytest.mark.parametrize("content", [["age", "plan"], {"age": "float64", "plan": "text"}])
def test_inputs_are_names_or_types_by_name(tmp_path, content):
    (tmp_path / "schema.json").write_text(json.dumps(content))
    assert read_inputs(tmp_path / "schema.json") == content


def test_inputs_of_another_shape_are_refused(tmp_path):
    (tmp_path / "schema.json").write_text("3")
    with pytest.raises(InputsError, match="neither a list nor an object"):
        read_inputs(tmp_path / "schema.json")


def test_inputs_that_are_not_json_are_refused(tmp_path):
    (tmp_path / "schema.json").write_text("age, plan")
    with pytest.raises(CorruptFileError, match="is not JSON"):
        read_inputs(tmp_path / "schema.json")
