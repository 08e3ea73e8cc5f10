"""Small pipelines with the encoders and imputers of category_encoders and feature-engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import category_encoders as ce
import numpy as np
import pandas as pd
from feature_engine import encoding, imputation
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

ROWS = 240
RANDOM = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "age": RANDOM.normal(40, 9, ROWS).round(1),
        "plan": RANDOM.choice(["basic", "it's", "pro", "ü"], ROWS),
        "town": RANDOM.choice(
            list("abcdefgh"), ROWS, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02]
        ),
        "rooms": RANDOM.integers(1, 6, ROWS),
    }
)
HOLED = FRAME.assign(
    age=FRAME["age"].mask(RANDOM.random(ROWS) < 0.1),
    plan=FRAME["plan"].mask(RANDOM.random(ROWS) < 0.1),
    town=FRAME["town"].mask(RANDOM.random(ROWS) < 0.1),
)
SCORE = (
    FRAME["age"] / 10
    + FRAME["plan"].map({"basic": 0, "it's": 2, "pro": 1, "ü": -1})
    + FRAME["town"].isin(list("ace"))
    + FRAME["rooms"] % 3
    + RANDOM.normal(size=ROWS) / 2
)
LATE = (SCORE.median() < SCORE).astype(int)
ZOO: dict[str, Callable[[], Any]] = {}
VARIED: set[str] = set()
"""Those that differ from others only in what stands in the tables."""


@cache
def fitted(name: str) -> Any:
    """Train the model of this name; once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ZOO[name]()


def regression_tree() -> Any:
    return DecisionTreeRegressor(max_depth=6, min_samples_leaf=3, random_state=0)


def tree() -> Any:
    return DecisionTreeClassifier(max_depth=6, min_samples_leaf=3, random_state=0)


def add(name: str, *steps: Any, table: pd.DataFrame = HOLED, target: Any = SCORE) -> None:
    ZOO[name] = lambda: make_pipeline(*steps).fit(table, target)


def fill(**options: Any) -> Any:
    return imputation.MeanMedianImputer(**options)


SUPERVISED = {
    "target": ce.TargetEncoder,
    "m-estimate": ce.MEstimateEncoder,
    "James-Stein": ce.JamesSteinEncoder,
    "leave one out": ce.LeaveOneOutEncoder,
    "quantile": ce.QuantileEncoder,
    "target in order": ce.CatBoostEncoder,
}
UNSUPERVISED = {
    "ordinal": ce.OrdinalEncoder,
    "one-hot": ce.OneHotEncoder,
    "binary": ce.BinaryEncoder,
    "base 3": lambda **options: ce.BaseNEncoder(base=3, **options),
    "Gray": ce.GrayEncoder,
    "Helmert": ce.HelmertEncoder,
    "sums": ce.SumEncoder,
    "polynomial": ce.PolynomialEncoder,
    "backward differences": ce.BackwardDifferenceEncoder,
    "rank-hot": ce.RankHotEncoder,
}
for title, cls in (SUPERVISED | UNSUPERVISED).items():
    add(f"{title}, tree", cls(), regression_tree())
    VARIED.add(f"{title}, tree")
for unknown in ("error", "return_nan", "value"):
    for missing in ("error", "return_nan", "value"):
        options = {"handle_unknown": unknown, "handle_missing": missing}
        table = FRAME.assign(age=HOLED["age"]) if missing == "error" else HOLED
        what = f"unknown {unknown}, missing {missing}"
        for title in ("ordinal", "one-hot", "target"):
            cls = (SUPERVISED | UNSUPERVISED)[title]
            add(
                f"{title}, {what}",
                cls(**options),
                regression_tree(),
                table=table,
            )
        add(
            f"weight of evidence, {what}",
            ce.WOEEncoder(**options),
            tree(),
            table=table,
            target=LATE,
        )
VARIED.update(name for name in ZOO if ", unknown" in name)
add(
    "indicators",
    ce.OneHotEncoder(handle_unknown="indicator", handle_missing="indicator"),
    tree(),
    target=LATE,
)
add(
    "names of categories",
    ce.OneHotEncoder(use_cat_names=True, drop_invariant=True),
    tree(),
    target=LATE,
)
add("mixed effects", ce.GLMMEncoder(), tree(), target=LATE)
add("counts", ce.CountEncoder(handle_unknown=0), regression_tree())
add("shares", ce.CountEncoder(normalize=True, min_group_size=20), regression_tree())
add("rare ones together", ce.TargetEncoder(min_group_size=20), regression_tree())
add(
    "chosen columns",
    ce.TargetEncoder(cols=["plan", "rooms"]),
    ce.OrdinalEncoder(),
    regression_tree(),
)
add("array", ce.OrdinalEncoder(cols=["town", "plan"], return_df=False), regression_tree())
add(
    "weight of evidence, logistic regression",
    ce.WOEEncoder(),
    LogisticRegression(max_iter=500),
    table=FRAME,
    target=LATE,
)
add("one-hot, ridge", ce.OneHotEncoder(), fill(), Ridge())

for unseen in ("ignore", "raise", "encode"):
    add(
        f"feature-engine ordinal, {unseen}",
        encoding.OrdinalEncoder(unseen=unseen, missing_values="ignore"),
        regression_tree(),
        table=FRAME if unseen == "raise" else HOLED,
    )
    add(
        f"feature-engine mean, {unseen}",
        encoding.MeanEncoder(unseen=unseen, smoothing="auto"),
        regression_tree(),
        table=FRAME,
    )
add(
    "feature-engine one-hot",
    imputation.CategoricalImputer(),
    encoding.OneHotEncoder(drop_last=True),
    regression_tree(),
)
add(
    "feature-engine top categories",
    imputation.CategoricalImputer(imputation_method="frequent", variables=["plan", "town"]),
    encoding.OneHotEncoder(top_categories=3),
    fill(imputation_method="mean"),
    LogisticRegression(max_iter=500),
    target=LATE,
)
add(
    "feature-engine counts",
    encoding.CountFrequencyEncoder(encoding_method="frequency", unseen="encode"),
    regression_tree(),
    table=FRAME,
)
add(
    "feature-engine weight of evidence",
    encoding.RareLabelEncoder(tol=0.06, n_categories=4),
    encoding.WoEEncoder(fill_value=0.001),
    LogisticRegression(max_iter=500),
    table=FRAME,
    target=LATE,
)
add(
    "feature-engine rare labels",
    fill(),
    imputation.AddMissingIndicator(variables=["plan"], missing_only=False),
    encoding.RareLabelEncoder(tol=0.08, n_categories=3, missing_values="ignore"),
    imputation.CategoricalImputer(fill_value="none"),
    encoding.MeanEncoder(unseen="encode"),
    regression_tree(),
)
add(
    "feature-engine rare labels as numbers",
    ColumnTransformer(
        [
            (
                "texts",
                make_pipeline(
                    imputation.CategoricalImputer(),
                    encoding.RareLabelEncoder(n_categories=2),
                    encoding.OrdinalEncoder(encoding_method="arbitrary", unseen="encode"),
                ),
                ["plan", "town"],
            ),
            ("numbers", fill(), ["age", "rooms"]),
        ]
    ),
    tree(),
    target=LATE,
)
add(
    "feature-engine tails",
    imputation.EndTailImputer(variables=["age"]),
    imputation.ArbitraryNumberImputer(arbitrary_number=-1, variables=["rooms"]),
    imputation.AddMissingIndicator(),
    encoding.OrdinalEncoder(encoding_method="arbitrary", missing_values="ignore"),
    tree(),
    target=LATE,
)
add(
    "feature-engine, whole numbers as categories",
    encoding.MeanEncoder(variables=["rooms"], ignore_format=True, unseen="encode"),
    ce.OrdinalEncoder(),
    regression_tree(),
)
