"""Tables in which a column of truth values is missing throughout are asked about all the same."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd

from procgen.frontends import python_answers, read_model
from procgen.ir.interpreter import interpret
from procgen.ir.types import DType

TYPES = {"town": DType.TEXT, "member": DType.BOOL}


def test_truth_values_that_are_all_missing_are_not_taken_for_text() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"town": random.choice(list("ab"), 80), "member": random.random(80) < 0.5})
    X = X.astype({"town": "category"})
    y = (X["town"] == "a") * 2.0 + X["member"]
    model = lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=2, n_jobs=1, verbose=-1)
    program = read_model(model.fit(X, y), types=TYPES).program
    for rows in (
        [{"town": "a", "member": None}, {"town": "b", "member": None}],
        [{"town": None, "member": None}],
        [{"town": None, "member": True}],
    ):
        assert python_answers(model, program.inputs, rows) == interpret(program, rows)
