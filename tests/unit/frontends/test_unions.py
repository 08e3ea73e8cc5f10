from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, StandardScaler

from procgen.errors import UnsupportedModelError
from procgen.frontends.registry import INPUT_TYPES, Feature, Frame, Scope, read_transformer
from procgen.frontends.wants import missing_markers
from procgen.ir.expressions import Column
from procgen.ir.types import DType
from tests.unit.frontends.numeric_columns import X, assert_equal
from tests.unit.frontends.transformer_parity import read_columns
from tests.unit.frontends.tree_parity import names

UNIONS = {
    "two": FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]),
    "weights": FeatureUnion(
        [("a", StandardScaler()), ("b", MinMaxScaler())], transformer_weights={"b": 0.3}
    ),
    "passthrough": FeatureUnion([("a", "passthrough"), ("b", "drop"), ("c", MinMaxScaler())]),
    "nested": FeatureUnion(
        [
            ("a", make_pipeline(SimpleImputer(), StandardScaler())),
            ("b", FeatureUnion([("c", KBinsDiscretizer(3, strategy="uniform"))])),
        ]
    ),
    "columns": ColumnTransformer(
        [
            (
                "a",
                ColumnTransformer([("b", StandardScaler(), [1])]),
                [2, 0],
            ),
            ("c", FeatureUnion([("d", MinMaxScaler()), ("e", StandardScaler())]), [0, 1]),
        ]
    ),
}


@pytest.mark.parametrize("name", UNIONS)
def test_unions_and_nested_column_transformers_equal_sklearn(name) -> None:
    scored, refused = assert_equal(UNIONS[name].fit(X))
    assert (scored > 40, refused > 0) == (True, True)


def test_a_refusal_names_the_part_of_a_union() -> None:
    step = FeatureUnion([("fine", StandardScaler()), ("odd", OneHotEncoder(dtype=np.float32))])
    with pytest.raises(UnsupportedModelError, match="'odd'"):
        read_columns(step.fit(np.round(X)))


def test_a_union_with_an_inexact_part_is_inexact() -> None:
    step = FeatureUnion([("a", PCA(1)), ("b", StandardScaler())]).fit(X)
    frame = Frame(tuple(Feature(Column(name), DType.FLOAT64, name) for name in names(3)))
    assert not read_transformer(step, frame, Scope()).exact


def test_a_union_wants_what_its_first_part_wants() -> None:
    texts = np.array([["a"], [None], ["b"]], dtype=object)
    step = FeatureUnion([("raw", "passthrough"), ("hot", OneHotEncoder())]).fit(texts)
    assert INPUT_TYPES.find(step)(step, 1) == (DType.TEXT,)
    assert missing_markers(step, 1) == (None,)
