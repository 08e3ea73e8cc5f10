"""What models made of other models answer before the link: their margins have no public name."""

from __future__ import annotations

from typing import Any

import numpy as np

from procgen.frontends.answers import QUESTIONS, RAW_SCORES, Question, margins
from procgen.frontends.registry import inner_models
from procgen.frontends.searching import (
    FIXED,
    FROZEN,
    RANSAC,
    SEARCHES,
    SELF_TRAINING,
    TUNED,
)
from procgen.ir.program import OutputName


def _of_model_inside(model: Any, table: Any) -> Any:
    (inner,) = inner_models(model)
    return margins(inner, table)


def _of_last_model(model: Any, table: Any) -> Any:
    return margins(model.final_estimator_, model.transform(table))


def _votes(model: Any, table: Any) -> Any:
    if model.voting == "soft":
        return model.predict_proba(table)
    weights = model._weights_not_none or [1.0] * len(model.estimators_)  # noqa: SLF001
    votes = np.zeros((len(table), len(model.classes_)))
    for inner, weight in zip(model.estimators_, weights, strict=True):
        votes[np.arange(len(table)), inner.predict(table)] += weight
    return votes


def _before_inverse(model: Any, table: Any) -> Any:
    values = np.asarray(model.regressor_.predict(table))
    return values.ravel() if values.ndim == 2 and values.shape[1] == 1 else values


def _binary_scores(model: Any, table: Any) -> Any:
    columns = _columns(model, table)
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _columns(model: Any, table: Any) -> list[Any]:
    from sklearn.multiclass import _predict_binary  # noqa: PLC0415 - it is optional

    return [np.ravel(_predict_binary(inner, table)) for inner in model.estimators_]


def _code_scores(model: Any, table: Any) -> Any:
    codes = np.asarray(model.code_book_)
    scores = np.column_stack(_columns(model, table))
    nearness = 2.0 * (scores @ codes.T) - (codes**2).sum(axis=1)
    return nearness - (scores**2).sum(axis=1)[:, np.newaxis]


def _side_by_side(model: Any, table: Any) -> Any:
    columns = [np.asarray(margins(inner, table)) for inner in model.estimators_]
    return np.concatenate([c[:, np.newaxis] if c.ndim == 1 else c for c in columns], axis=1)


def _nearness(model: Any, table: Any) -> Any:
    centres = model.cluster_centers_
    return 2.0 * (np.asarray(table, dtype=float) @ centres.T) - (centres**2).sum(axis=1)


def _centroid_scores(model: Any, table: Any) -> Any:
    if hasattr(model, "decision_function"):
        return model.decision_function(table)
    rows = np.asarray(table, dtype=float)
    return -np.abs(rows[:, np.newaxis, :] - model.centroids_).sum(axis=2)


def _chained(model: Any, table: Any) -> Any:
    for name in ("decision_function", "predict_proba", "predict"):
        if hasattr(model, name):
            return getattr(model, name)(table)
    raise AttributeError(f"{type(model).__name__} predicts nothing")


RAW_SCORES.update(
    {
        **dict.fromkeys((*SEARCHES, FIXED, FROZEN, TUNED, RANSAC, SELF_TRAINING), _of_model_inside),
        **dict.fromkeys(
            ("sklearn.ensemble.StackingClassifier", "sklearn.ensemble.StackingRegressor"),
            _of_last_model,
        ),
        **dict.fromkeys(
            (
                "sklearn.naive_bayes.BernoulliNB",
                "sklearn.naive_bayes.CategoricalNB",
                "sklearn.naive_bayes.ComplementNB",
                "sklearn.naive_bayes.GaussianNB",
                "sklearn.naive_bayes.MultinomialNB",
            ),
            lambda model, table: model.predict_joint_log_proba(table),
        ),
        **dict.fromkeys(("sklearn.cluster.KMeans", "sklearn.cluster.MiniBatchKMeans"), _nearness),
        "sklearn.compose.TransformedTargetRegressor": _before_inverse,
        "sklearn.ensemble.VotingClassifier": _votes,
        "sklearn.multiclass.OneVsRestClassifier": _binary_scores,
        "sklearn.multiclass.OutputCodeClassifier": _code_scores,
        "sklearn.multioutput.ClassifierChain": _chained,
        "sklearn.multioutput.MultiOutputClassifier": _side_by_side,
        "sklearn.neighbors.NearestCentroid": _centroid_scores,
    }
)


@QUESTIONS.reads(*SEARCHES)
def questions_of_search(model: Any) -> dict[OutputName, Question] | None:
    """What is asked of the model that was found, if it is not asked as scikit-learn's are."""
    reader = QUESTIONS.find(model.best_estimator_)
    if reader is None:
        return None
    asked: dict[OutputName, Question] = reader(model.best_estimator_)
    return {name: _inside(ask) for name, ask in asked.items()}


def _inside(ask: Question) -> Question:
    return lambda model, table: ask(model.best_estimator_, table)
