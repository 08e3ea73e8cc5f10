"""category_encoders: what each category becomes; encoders of columns together are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.asked_encoders import Encoder, learned_categories, reads_encoders
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import REFUSED

CLASSES = (
    "category_encoders.backward_difference.BackwardDifferenceEncoder",
    "category_encoders.basen.BaseNEncoder",
    "category_encoders.binary.BinaryEncoder",
    "category_encoders.count.CountEncoder",
    "category_encoders.cat_boost.CatBoostEncoder",
    "category_encoders.glmm.GLMMEncoder",
    "category_encoders.gray.GrayEncoder",
    "category_encoders.helmert.HelmertEncoder",
    "category_encoders.james_stein.JamesSteinEncoder",
    "category_encoders.leave_one_out.LeaveOneOutEncoder",
    "category_encoders.m_estimate.MEstimateEncoder",
    "category_encoders.one_hot.OneHotEncoder",
    "category_encoders.ordinal.OrdinalEncoder",
    "category_encoders.polynomial.PolynomialEncoder",
    "category_encoders.quantile_encoder.QuantileEncoder",
    "category_encoders.rankhot.RankHotEncoder",
    "category_encoders.sum_coding.SumEncoder",
    "category_encoders.target_encoder.TargetEncoder",
    "category_encoders.woe.WOEEncoder",
)
REFUSED["category_encoders.hashing.HashingEncoder"] = (
    "hashes texts with a function that databases do not have",
    "encode with OneHotEncoder or OrdinalEncoder",
)
REFUSED["category_encoders.multi_hot.MultiHotEncoder"] = (
    "splits texts into items",
    "make a column of each item beforehand",
)
REFUSED["category_encoders.quantile_encoder.SummaryEncoder"] = (
    "keeps its categories inside other encoders",
    "put a QuantileEncoder for each quantile side by side",
)


@COLUMNS.reads(*CLASSES)
def read_columns(step: Any) -> tuple[int, tuple[str, ...] | None]:
    """How many columns, and their names where they were a DataFrame's."""
    names = tuple(step.feature_names_in_)
    return len(names), names if all(isinstance(name, str) for name in names) else None


@reads_encoders(*CLASSES)
def encoder_of(step: Any) -> Encoder:
    """The encoder with the categories of its columns.

    Raises:
        UnsupportedModelError: it encodes several columns as one, or groups them in its own way.
    """
    if getattr(step, "composite_cols", None):
        raise UnsupportedModelError(
            f"this {type(step).__name__} encodes several columns as one",
            hint="train without composite_cols",
        )
    # CountEncoder groups rare categories in a table of its own, the others in one that they share.
    grouped = getattr(step, "min_group_lumping_", {}) | getattr(step, "_min_group_categories", {})
    categories = {
        column: [*values, *grouped.get(column, ())] for column, values in _categories(step).items()
    }
    return Encoder(step, tuple(step.feature_names_in_), learned_categories(step, categories))


def _categories(step: Any) -> Mapping[Any, Sequence[Any]]:
    """The categories of each column, as they are in the tables of the encoder or of one inside."""
    inner = getattr(step, "ordinal_encoder", None)
    tables = step.mapping if inner is None else inner.mapping
    if isinstance(tables, Mapping):
        return {column: list(table.index) for column, table in tables.items()}
    return {table["col"]: list(table["mapping"].index) for table in tables or ()}
