"""A sample of the training rows tells the texts of categories, of which CatBoost keeps hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from procgen.frontends.catboost_documents import known_texts, remember_categories, require_trained
from procgen.frontends.registry import class_name

if TYPE_CHECKING:
    import pyarrow as pa


def learn_texts(model: Any, sample: pa.Table) -> None:
    """Remember the texts of a sample's columns, if nothing else has told a CatBoost model its own.

    A text that the sample lacks stays unknown, and a model that decides by it is refused by name.
    """
    if not class_name(model).startswith("catboost.") or known_texts(model) is not None:
        return
    require_trained(model)
    names = list(model.feature_names_)
    categories = [names[place] for place in model.get_cat_feature_indices()]
    if not categories or not set(names) <= set(sample.column_names):
        return
    # CatBoost takes no row in which a category is missing, in training or here.
    rows = sample.select(names).to_pandas().dropna(subset=categories)
    remember_categories(model, rows)
