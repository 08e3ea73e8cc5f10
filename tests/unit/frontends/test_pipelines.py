from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from procgen.frontends.wants import missing_markers
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from tests.unit.frontends.tree_parity import (
    assert_equal,
    case_name,
    names,
    probe_rows,
    training_rows,
)

RANDOM = np.random.default_rng(0)
SIZE = 300
FRAME = pd.DataFrame(
    {
        "age": np.round(RANDOM.normal(40, 12, SIZE), 1),
        "plan": np.array(["basic", "pro", 'the "x"', ""])[RANDOM.integers(0, 4, SIZE)],
        "visits": RANDOM.integers(0, 12, SIZE),
        "active": RANDOM.random(SIZE) < 0.5,
        "spend": RANDOM.lognormal(3, 1, SIZE),
        "region": np.array(["n", "s", "e"])[RANDOM.integers(0, 3, SIZE)],
    }
)
FRAME.loc[RANDOM.random(SIZE) < 0.1, "age"] = np.nan
FRAME.loc[RANDOM.random(SIZE) < 0.1, "plan"] = np.nan
SCORE = (
    FRAME["age"].fillna(30) / 10
    + (FRAME["plan"] == "pro") * 2
    - FRAME["visits"] % 4
    + FRAME["active"] * FRAME["spend"] / 20
).to_numpy()
LABELS = np.array(["no", "maybe", "yes"])[np.digitize(SCORE, [2.0, 5.0])]
UNSEEN = {
    "plan": ["basic", "new", " pro"],
    "visits": [-1, 50],
    "active": [True, False],
    "region": ["n", "w", ""],
}


def columns() -> ColumnTransformer:
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OneHotEncoder(handle_unknown="ignore", min_frequency=5),
    )
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), [0, 4]),
            ("words", words, ["plan"]),
            ("codes", OrdinalEncoder(), ["visits", "active"]),
            ("region", OneHotEncoder(drop="first"), make_column_selector("region")),
        ],
        transformer_weights={"codes": 0.3},
    )


MODELS = [
    DecisionTreeClassifier(max_depth=5, random_state=0),
    RandomForestClassifier(8, max_depth=5, random_state=0),
    ExtraTreesClassifier(8, max_depth=5, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=case_name)
def test_a_pipeline_of_every_step_equals_sklearn_bit_for_bit(model) -> None:
    pipeline = make_pipeline(columns(), model).fit(FRAME, LABELS)
    program = read_model(pipeline).program
    assert [field.dtype for field in program.inputs] == [
        DType.FLOAT64,
        DType.TEXT,
        DType.INT64,
        DType.BOOL,
        DType.FLOAT64,
        DType.TEXT,
    ]
    scored, refused = assert_equal(pipeline, program, probe_rows(program, FRAME, UNSEEN))
    assert scored > 60
    assert refused > 5


def test_a_linear_model_behind_columns_stays_within_its_bound() -> None:
    pipeline = make_pipeline(columns(), LogisticRegression()).fit(FRAME, LABELS)
    program = read_model(pipeline).program
    rows = training_rows(FRAME, program.inputs)
    got = interpret(program, rows)
    assert got[OutputName.PREDICT] == pipeline.predict(FRAME).tolist()
    inner, linear = pipeline[:-1].transform(FRAME), pipeline[-1]
    inner = inner.toarray() if hasattr(inner, "toarray") else inner
    want = pipeline.decision_function(FRAME)
    eps = np.finfo(float).eps
    bound = 4 * eps * (np.abs(inner) @ np.abs(linear.coef_.T)) + eps * np.abs(linear.intercept_)
    assert (np.abs(np.array(got[OutputName.MARGIN]) - want) <= bound).all()


def test_a_boosted_regressor_behind_columns_equals_sklearn_bit_for_bit() -> None:
    model = GradientBoostingRegressor(n_estimators=10, random_state=0)
    pipeline = make_pipeline(columns(), model).fit(FRAME, SCORE)
    program = read_model(pipeline).program
    scored, refused = assert_equal(pipeline, program, probe_rows(program, FRAME, UNSEEN))
    assert scored > 60
    assert refused > 5


@pytest.mark.parametrize("remainder", ["passthrough", "drop", StandardScaler()], ids=case_name)
@pytest.mark.parametrize(
    "where",
    [["age", "spend"], [0, 3], slice(0, 1), [True, False, False, True]],
    ids=repr,
)
def test_columns_are_chosen_as_they_were_in_training(remainder, where) -> None:
    frame = FRAME.drop(columns=["plan", "region"])
    step = ColumnTransformer([("fill", SimpleImputer(), where)], remainder=remainder)
    pipeline = make_pipeline(step, DecisionTreeRegressor(max_depth=6)).fit(frame, SCORE)
    program = read_model(pipeline).program
    scored, _ = assert_equal(pipeline, program, probe_rows(program, frame))
    assert scored > 60


def test_a_sparse_matrix_makes_a_forest_refuse_what_a_dense_one_accepts() -> None:
    frame = FRAME[["age", "plan", "region"]]
    texts = ["plan", "region"]

    def forest(threshold: float) -> Pipeline:
        step = ColumnTransformer(
            [("hot", OneHotEncoder(), texts)],
            remainder="passthrough",
            sparse_threshold=threshold,
        )
        model = RandomForestClassifier(5, max_depth=4, random_state=0)
        return make_pipeline(step, model).fit(frame.fillna({"age": 1.0}), LABELS)

    rows = probe_rows(read_model(forest(0.0)).program, frame, {"plan": ["pro"], "region": ["n"]})
    sparse, dense = forest(1.0), forest(0.0)
    _, refused_by_dense = assert_equal(dense, read_model(dense).program, rows)
    _, refused_by_sparse = assert_equal(sparse, read_model(sparse).program, rows)
    assert refused_by_sparse > refused_by_dense


def test_steps_that_do_nothing_are_left_out() -> None:
    steps = [
        ("nothing", None),
        ("through", "passthrough"),
        ("same", FunctionTransformer()),
        ("inner", Pipeline([("scale", StandardScaler()), ("off", "passthrough")])),
        ("model", Pipeline([("tree", DecisionTreeRegressor(max_depth=4))])),
    ]
    frame = FRAME[["age", "spend"]]
    pipeline = Pipeline(steps).fit(frame, SCORE)
    program = read_model(pipeline).program
    assert {output.binding for output in program.outputs} == {"predict", "margin"}
    assert_equal(pipeline, program, probe_rows(program, frame))


def test_categories_behind_other_steps_keep_their_types() -> None:
    first = ColumnTransformer(
        [("fill", SimpleImputer(), ["age"])],
        remainder="passthrough",
    ).set_output(transform="pandas")
    model = HistGradientBoostingClassifier(max_iter=8, random_state=0, categorical_features=[1, 5])
    pipeline = make_pipeline(FunctionTransformer(), first, model).fit(FRAME, LABELS)
    program = read_model(pipeline).program
    types = {field.name: field.dtype for field in program.inputs}
    assert (types["plan"], types["region"]) == (DType.TEXT, DType.TEXT)
    rows = probe_rows(program, FRAME, UNSEEN)
    scored, _ = assert_equal(pipeline, program, rows, has_link=True)
    assert scored > 100


def test_an_array_of_objects_keeps_text_and_numbers_apart() -> None:
    array = FRAME[["age", "plan"]].to_numpy(dtype=object)
    step = ColumnTransformer(
        [
            ("number", SimpleImputer(), [0]),
            ("text", OneHotEncoder(handle_unknown="ignore"), [1]),
        ]
    )
    pipeline = make_pipeline(step, RandomForestClassifier(5, max_depth=5, random_state=0))
    pipeline.fit(array, LABELS)
    program = read_model(pipeline, names(2)).program
    assert [field.dtype for field in program.inputs] == [DType.FLOAT64, DType.TEXT]
    rows = probe_rows(program, array, {"x1": ["pro", "new", ""]})
    assert_equal(pipeline, program, rows)


def test_one_imputer_may_fill_text_and_numbers() -> None:
    array = FRAME[["age", "plan"]].to_numpy(dtype=object)
    step = make_pipeline(
        SimpleImputer(strategy="most_frequent", add_indicator=True),
        ColumnTransformer([("code", OrdinalEncoder(), [1])], remainder="passthrough"),
    )
    pipeline = make_pipeline(step, DecisionTreeClassifier(max_depth=5)).fit(array, LABELS)
    program = read_model(pipeline, names(2)).program
    assert [field.dtype for field in program.inputs] == [DType.FLOAT64, DType.TEXT]
    assert_equal(pipeline, program, probe_rows(program, array, {"x1": ["pro", "new", ""]}))


def test_text_fitted_with_none_is_asked_with_none() -> None:
    array = np.array([["a", 1.0], [None, 2.0], ["b", 3.0]], dtype=object)
    step = ColumnTransformer([("hot", OneHotEncoder(), [0])], remainder="passthrough")
    pipeline = make_pipeline(step, DecisionTreeRegressor()).fit(array, [1.0, 2.0, 3.0])
    markers = missing_markers(pipeline, 2)
    assert markers[0] is None
    assert math.isnan(markers[1])
    program = read_model(pipeline, names(2)).program
    rows = [{"x0": text, "x1": value} for text in ("a", None, "c") for value in (1.0, 2.5)]
    assert assert_equal(pipeline, program, rows, marker=None) == (4, 2)


@pytest.mark.parametrize("inside", [True, False])
def test_an_unsupported_step_is_refused_by_class_and_by_its_name(inside) -> None:
    step = (
        ColumnTransformer([("rotate", KNNImputer(), ["age", "spend"])]) if inside else KNNImputer()
    )
    frame = FRAME[["age", "spend"]].fillna(0.0)
    pipeline = Pipeline([("prepare", step), ("tree", DecisionTreeRegressor())]).fit(frame, SCORE)
    with pytest.raises(UnsupportedModelError, match=r"prepare.*KNNImputer") as refusal:
        read_model(pipeline)
    assert ("rotate" in str(refusal.value)) == inside


def test_a_pipeline_without_an_estimator_is_refused() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("end", "passthrough")])
    pipeline.fit(FRAME[["age"]])
    with pytest.raises(UnsupportedModelError, match="end"):
        read_model(pipeline)


def test_outputs_of_a_pipeline_are_those_of_its_estimator() -> None:
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2))
    model.fit(FRAME[["age", "spend"]], LABELS)
    program = read_model(model).program
    assert {output.name for output in program.outputs} == set(OutputName)


def test_a_step_without_reader_inside_another_is_found() -> None:
    step = make_pipeline(StandardScaler(), KNNImputer())
    frame = FRAME[["spend"]]
    model = make_pipeline(step, DecisionTreeRegressor()).fit(frame, SCORE)
    with pytest.raises(UnsupportedModelError, match="knnimputer"):
        read_model(model)
