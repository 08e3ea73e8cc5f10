"""imbalanced-learn's Pipeline: samplers change the training rows only, so they are left out."""

from __future__ import annotations

from typing import Any

from procgen.frontends.pipelines import read_pipeline, read_pipeline_of_transformers
from procgen.frontends.registry import ESTIMATORS, TRANSFORMERS, Frame, Scope, Scores

IMBLEARN_PIPELINE = "imblearn.pipeline.Pipeline"


@ESTIMATORS.reads(IMBLEARN_PIPELINE)
def read_imblearn_pipeline(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The pipeline without its samplers."""
    scores: Scores = read_pipeline(without_samplers(model), frame, scope)
    return scores


@TRANSFORMERS.reads(IMBLEARN_PIPELINE)
def read_imblearn_transformers(step: Any, frame: Frame, scope: Scope) -> Frame:
    """The transformers without the samplers among them."""
    made: Frame = read_pipeline_of_transformers(without_samplers(step), frame, scope)
    return made


def without_samplers(pipeline: Any) -> Any:
    """A pipeline of scikit-learn with the same fitted steps that are not samplers."""
    from sklearn.pipeline import Pipeline  # noqa: PLC0415 - it is optional

    kept = [(name, step) for name, step in pipeline.steps if not hasattr(step, "fit_resample")]
    return Pipeline(kept)
