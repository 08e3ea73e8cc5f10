"""CatBoost's categories are learned from a sample of rows."""

from __future__ import annotations

import catboost
import pyarrow as pa
import pytest

from procgen.compiler import compile_model
from procgen.errors import UnsupportedModelError
from procgen.frontends.catboost_documents import known_texts, remember_categories
from procgen.frontends.catboost_samples import learn_texts
from tests.catboost_zoo import CATEGORICAL, SMALL, mixed, mixed_score


def fresh(**options):
    model = catboost.CatBoostRegressor(**{**SMALL, **options})
    return model.fit(mixed(), mixed_score(), cat_features=CATEGORICAL)


def test_a_sample_tells_what_the_training_data_would() -> None:
    model, told = fresh(), fresh()
    remember_categories(told, mixed())
    artifact = compile_model(model, name="cat", target="duckdb", sample=mixed())
    assert known_texts(model) == known_texts(told)
    assert (
        artifact.digest == compile_model(told, name="cat", target="duckdb", sample=mixed()).digest
    )


def test_rows_of_a_sample_with_a_category_missing_tell_nothing() -> None:
    model, told = fresh(), fresh()
    remember_categories(told, mixed())
    holed = mixed().astype({"plan": object})
    holed.loc[len(holed)] = holed.iloc[0]
    holed.loc[holed.index[-1], "plan"] = None
    learn_texts(model, pa.Table.from_pandas(holed, preserve_index=False))
    assert known_texts(model) == known_texts(told)


def test_a_sample_without_all_texts_or_columns_is_refused_as_before() -> None:
    few = mixed().assign(plan="elsewhere")
    with pytest.raises(UnsupportedModelError, match=r"'plan' .* holds no text for the hash"):
        compile_model(fresh(one_hot_max_size=100), name="cat", target="duckdb", sample=few)
    with pytest.raises(UnsupportedModelError, match=r"holds only hashes; .* as a sample"):
        compile_model(fresh(), name="cat", target="duckdb", sample=mixed()[["amount"]])
