"""feature-engine's encoders of categories: what each becomes, and the columns beside them."""

from __future__ import annotations

from typing import Any

from procgen.frontends.asked_encoders import (
    Encoder,
    learned_categories,
    origins_of_encoder,
    read_encoder,
    wants_of_encoder,
)
from procgen.frontends.registry import REFUSED, TRANSFORMERS, Frame, Scope
from procgen.frontends.wants import ORIGINS, Want, wants

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


@wants(*CLASSES)
def read_wants(step: Any, count: int) -> tuple[Want, ...]:  # noqa: ARG001 - the encoder knows it
    """Columns of the types of the categories."""
    return wants_of_encoder(encoder_of(step))


@ORIGINS.reads(*CLASSES)
def read_origins(step: Any, count: int) -> tuple[int | None, ...]:  # noqa: ARG001
    """The columns that are not encoded stay what they are."""
    return origins_of_encoder(encoder_of(step))


@TRANSFORMERS.reads(*CLASSES)
def read_feature_engine_encoder(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The encoded columns as tables, the others as they are."""
    return read_encoder(encoder_of(step), frame)


def encoder_of(step: Any) -> Encoder:
    """The encoder with the categories of its columns."""
    learned = learned_categories(step, {name: list(v) for name, v in step.encoder_dict_.items()})
    return Encoder(step, tuple(step.feature_names_in_), learned)
