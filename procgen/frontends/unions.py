"""FeatureUnion: the columns of each transformer side by side, all made of the same columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.frontends.pipelines import is_nothing, named, weighted
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope, read_transformer

FEATURE_UNION = "sklearn.pipeline.FeatureUnion"


@TRANSFORMERS.reads(FEATURE_UNION)
def read_feature_union(step: Any, frame: Frame, scope: Scope) -> Frame:
    """Each transformer's columns, in order, times its weight if it has one."""
    weights = step.transformer_weights or {}
    features: list[Feature] = []
    sparse, exact = False, frame.exact
    for name, part in union_parts(step):
        with named(name):
            made = frame if is_nothing(part) else read_transformer(part, frame, scope.inside(name))
            features += weighted(made.features, weights.get(name))
        sparse, exact = sparse or made.sparse, exact and made.exact
        frame = replace(frame, requirements=made.requirements, bindings=made.bindings)
    return replace(frame, features=tuple(features), sparse=sparse, exact=exact)


def union_parts(step: Any) -> list[tuple[str, Any]]:
    """The parts that are not dropped."""
    return [
        (name, part)
        for name, part in step.transformer_list
        if not (isinstance(part, str) and part == "drop")
    ]
