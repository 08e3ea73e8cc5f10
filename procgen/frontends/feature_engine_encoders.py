"""feature-engine's encoders of categories: what each becomes, and the columns beside them."""

from __future__ import annotations

from typing import Any

from procgen.frontends.asked_encoders import Encoder, learned_categories, reads_encoders
from procgen.frontends.registry import REFUSED

CLASSES = (
    "feature_engine.encoding.count_frequency.CountFrequencyEncoder",
    "feature_engine.encoding.mean_encoding.MeanEncoder",
    "feature_engine.encoding.one_hot.OneHotEncoder",
    "feature_engine.encoding.ordinal.OrdinalEncoder",
    "feature_engine.encoding.rare_label.RareLabelEncoder",
    "feature_engine.encoding.woe.WoEEncoder",
)
REFUSED["feature_engine.encoding.decision_tree.DecisionTreeEncoder"] = (
    "puts a decision tree behind an encoder of its own",
    "put an OrdinalEncoder before a tree",
)
REFUSED["feature_engine.encoding.similarity_encoder.StringSimilarityEncoder"] = (
    "compares texts with Python's difflib",
    "encode with OneHotEncoder or OrdinalEncoder",
)


@reads_encoders(*CLASSES)
def encoder_of(step: Any) -> Encoder:
    """The encoder with the categories of its columns."""
    learned = learned_categories(step, {name: list(v) for name, v in step.encoder_dict_.items()})
    return Encoder(step, tuple(step.feature_names_in_), learned)
