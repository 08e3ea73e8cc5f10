"""Reading a model: what it is called, what its columns are, and what is refused by name."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.decomposition import FactorAnalysis
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from procgen.errors import InputsError, UnfittedModelError, UnsupportedModelError
from procgen.frontends import read_model
from procgen.frontends.labels import labels
from procgen.frontends.reading import input_names
from procgen.ir.check import check
from procgen.ir.expressions import Constant
from procgen.ir.types import DType, Field

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0.0, 1.0, 1.0, 3.0, 2.0, 5.0])


def named(*names):
    return Ridge().fit(pd.DataFrame(X, columns=list(names)), Y)


def nameless():
    return Ridge().fit(X, Y)


def test_source_says_what_was_read():
    model = LogisticRegression().fit(pd.DataFrame(X, columns=["a", "b"]), Y > 1)
    source = read_model(model)
    assert source.class_names == ("sklearn.linear_model.LogisticRegression",)
    assert source.versions == {"scikit-learn": sklearn.__version__}
    assert source.classes == (tuple(Constant(label, DType.BOOL) for label in (False, True)),)
    assert not source.exact
    assert source.program.inputs == (Field("a", DType.FLOAT64), Field("b", DType.FLOAT64))
    assert check(source.program) is source.program


def test_importing_the_front_ends_imports_no_library():
    code = (
        "import sys, procgen.frontends; "
        "print([name for name in ('sklearn', 'scipy', 'pandas', 'skops') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert answer.stdout == "[]\n"


def test_names_are_asked_for_where_the_model_has_none():
    with pytest.raises(InputsError, match="its 2 columns in training order with --inputs"):
        read_model(nameless())


def test_given_names_and_types_make_the_inputs():
    fields = read_model(nameless(), inputs=["p", "q"], types={"q": DType.INT64}).program.inputs
    assert fields == (Field("p", DType.FLOAT64), Field("q", DType.INT64))
    fields = read_model(nameless(), inputs={"p": DType.BOOL, "q": "float32"}).program.inputs
    assert fields == (Field("p", DType.BOOL), Field("q", DType.FLOAT32))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["a"], "1 column named in the inputs, and the model takes 2 columns"),
        (["a", "b", "c"], "3 columns named"),
        (["a", "a"], "'a' is given twice"),
        (["a", ""], "a column name is empty"),
        (["a", 1], "the column name 1 is not text"),
        (["a", "b\0"], r"'b\\x00' holds a character that no database stores"),
        (["a", "\ud800"], "holds a character that no database stores"),
        ("ab", "the one text 'ab'"),
        ({"a": "float64", "b": "decimal"}, "'decimal' is not a type for the column 'b'"),
    ],
)
def test_unusable_inputs_are_refused(inputs, message):
    with pytest.raises(InputsError, match=message):
        read_model(nameless(), inputs=inputs)


def test_type_of_an_unknown_column_is_refused():
    with pytest.raises(InputsError, match="'z', which is not an input; the inputs are 'a', 'b'"):
        read_model(named("a", "b"), types={"z": DType.INT64})


@pytest.mark.parametrize("names", [("a", ""), ("a", "b\0")])
def test_unusable_names_of_the_model_itself_are_refused(names):
    with pytest.raises(InputsError, match="column name"):
        read_model(named(*names))


def test_names_must_agree_with_the_model():
    assert input_names(named("a", "b"), ["a", "b"]) == ("a", "b")
    with pytest.raises(InputsError, match="the inputs name 'b' where the model was trained with"):
        read_model(named("a", "b"), inputs=["b", "a"])


def test_types_by_name_may_come_in_any_order():
    program = read_model(named("a", "b"), inputs={"b": DType.INT64, "a": DType.FLOAT64}).program
    assert program.inputs == (Field("a", DType.FLOAT64), Field("b", DType.INT64))


def test_model_without_inputs_is_refused():
    model = nameless()
    model.n_features_in_ = 0
    with pytest.raises(InputsError, match="has no inputs"):
        read_model(model)


def test_model_that_does_not_say_its_width_is_refused():
    model = nameless()
    del model.n_features_in_
    with pytest.raises(UnsupportedModelError, match="does not say how many columns"):
        read_model(model)


def test_text_where_a_number_is_needed_is_refused_by_column():
    with pytest.raises(UnsupportedModelError, match="the column 'b' is text"):
        read_model(named("a", "b"), types={"b": DType.TEXT})


def test_untrained_model_is_refused():
    with pytest.raises(UnfittedModelError, match="this Ridge has not been trained; call fit"):
        read_model(Ridge())


def test_class_instead_of_a_model_is_refused():
    with pytest.raises(UnfittedModelError, match="Ridge is a class"):
        read_model(Ridge)


def test_unsupported_class_is_refused_with_the_nearest():
    with pytest.raises(UnsupportedModelError, match=r"FactorAnalysis makes columns and gives no"):
        read_model(FactorAnalysis(1).fit(X))
    stranger = type("RidgeRegressor", (), {"__module__": "other.linear"})()
    with pytest.raises(UnsupportedModelError, match=r"other\.linear\.RidgeRegressor; the nearest"):
        read_model(stranger)
    with pytest.raises(UnsupportedModelError, match=r"no front-end reads builtins\.int"):
        read_model(3)


def test_classifier_of_one_class_is_refused():
    model = RidgeClassifier().fit(pd.DataFrame(X, columns=["a", "b"]), [1] * 6)
    with pytest.raises(UnsupportedModelError, match="1 classes and 1 margins"):
        read_model(model)


def test_pipeline_knows_its_columns_from_the_first_real_step():
    steps = [("none", "passthrough"), ("scale", StandardScaler()), ("model", LinearRegression())]
    model = Pipeline(steps).fit(pd.DataFrame(X, columns=["a", "b"]), Y)
    source = read_model(model)
    assert [field.name for field in source.program.inputs] == ["a", "b"]
    assert source.class_names == (
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing.StandardScaler",
        "sklearn.linear_model.LinearRegression",
    )


@pytest.mark.parametrize(
    ("classes", "dtype", "values"),
    [
        (np.array(["a", "b"]), DType.TEXT, ["a", "b"]),
        (np.array(["a", "b"], dtype=object), DType.TEXT, ["a", "b"]),
        (np.array([np.str_("a")], dtype=object), DType.TEXT, ["a"]),
        (np.array([False, True]), DType.BOOL, [False, True]),
        (np.array([1, 2], dtype=np.int8), DType.INT64, [1, 2]),
        (np.array([0.5, 2], dtype=np.float32), DType.FLOAT64, [0.5, 2.0]),
    ],
)
def test_labels_keep_their_own_type(classes, dtype, values):
    assert labels(classes) == tuple(Constant(value, dtype) for value in values)
    assert [type(label.value) for label in labels(classes)] == list(map(type, values))


@pytest.mark.parametrize(
    "classes",
    [
        np.array([b"a", b"b"]),
        np.array([1, "a"], dtype=object),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.array([2**63], dtype=np.uint64),
        np.array([]),
    ],
)
def test_labels_of_other_types_are_refused(classes):
    with pytest.raises(UnsupportedModelError, match="class label"):
        labels(classes)
