"""Trains the models beside it and writes down their raw scores; run with catboost==1.2, numpy<2."""

from __future__ import annotations

import json
from pathlib import Path

import catboost
import numpy as np

FOLDER = Path(__file__).parent
NAMES = ["amount", "plan", "city"]
SMALL = {
    "iterations": 6,
    "depth": 3,
    "verbose": False,
    "allow_writing_files": False,
    "one_hot_max_size": 3,
    "max_ctr_complexity": 2,
}


def main() -> None:
    """Write a regressor of numbers as .cbm and classifiers with and without categories as JSON."""
    random = np.random.default_rng(0)
    numbers = random.normal(size=(200, 3)).round(2)
    numbers[::9, 1] = np.nan
    score = numbers[:, 0] - numbers[:, 2] ** 2
    mixed = np.empty((200, 3), dtype=object)
    mixed[:, 0] = numbers[:, 0]
    mixed[:, 1] = random.choice(["basic", "it's", "pro"], 200)
    mixed[:, 2] = random.choice([f"city {number}" for number in range(9)], 200)
    label = (mixed[:, 1] == "pro") ^ (numbers[:, 0] > 0) ^ (mixed[:, 2] > "city 4")
    plain = catboost.Pool(numbers, score, feature_names=["x", "y", "z"])
    classes = catboost.Pool(numbers, np.digitize(score, [-1, 0.5]), feature_names=["x", "y", "z"])
    texts = catboost.Pool(mixed, label.astype(int), cat_features=[1, 2], feature_names=NAMES)
    answers = {}
    for name, form, model, pool in (
        ("regressor", "cbm", catboost.CatBoostRegressor(**SMALL), plain),
        ("multiclass", "json", catboost.CatBoostClassifier(**SMALL), classes),
        ("categories", "json", catboost.CatBoostClassifier(**SMALL), texts),
    ):
        model.fit(pool)
        model.save_model(str(FOLDER / f"{name}.{form}"), format=form, pool=pool)
        raw = model.predict(pool, prediction_type="RawFormulaVal")[:40]
        answers[f"{name}.{form}"] = raw.tolist()
    rows = {"x": numbers[:40].tolist(), "amount": mixed[:40].tolist()}
    content = json.dumps({"rows": rows, "answers": answers}).replace("NaN", "null")
    (FOLDER / "answers.txt").write_text(content, "utf-8")


if __name__ == "__main__":
    main()
