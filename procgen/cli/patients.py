"""The demo's data and model: scikit-learn's diabetes patients, with a text column and gaps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import skops.io
from pyarrow import parquet
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NAMES = {"bp": "blood_pressure", "s5": "log_triglycerides", "s6": "blood_sugar"}
MEASURED = ["age", "bmi", *NAMES.values()]
GAPS = {"blood_pressure": 13, "log_triglycerides": 11, "blood_sugar": 17}
"""Every 13th blood pressure is missing, and so on: real tables have gaps, and runs must agree."""


def patients() -> tuple[pd.DataFrame, pd.Series]:
    """442 patients, and whether their disease progressed "fast" or "slow" within a year."""
    loaded = load_diabetes(as_frame=True, scaled=False)
    frame = loaded.data[["age", "sex", "bmi", *NAMES]].rename(columns=NAMES)
    frame = frame.astype({"sex": "int64"})
    weight = np.select([frame["bmi"] < 25, frame["bmi"] < 30], ["normal", "overweight"], "obese")
    frame.insert(2, "weight", weight.astype(object))
    for column, step in GAPS.items():
        frame.loc[::step, column] = np.nan
    label = np.where(loaded.target > loaded.target.median(), "fast", "slow")
    return frame, pd.Series(label, name="progression")


def train(frame: pd.DataFrame, label: pd.Series) -> Any:
    """A pipeline of the usual kind: fill and scale numbers, encode texts, boost trees."""
    columns = ColumnTransformer(
        [
            (
                "measured",
                make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
                MEASURED,
            ),
            ("weight", OneHotEncoder(handle_unknown="ignore"), ["weight"]),
            ("sex", "passthrough", ["sex"]),
        ]
    )
    boosting = GradientBoostingClassifier(n_estimators=60, random_state=0)
    model = Pipeline([("columns", columns), ("boosting", boosting)])
    return model.fit(frame, label.to_numpy(dtype=object))


def save(model: Path, sample: Path) -> str:
    """Write the trained pipeline and its training rows; what they are, in a line."""
    frame, label = patients()
    pipeline = train(frame, label)
    # Not skops.io.dump: it leaves closing the file to the garbage collector.
    model.write_bytes(skops.io.dumps(pipeline))
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), sample)
    trees = pipeline[-1].n_estimators_
    return f"{len(frame)} patients, {trees} trees: wrote {model.name} and {sample.name}"
