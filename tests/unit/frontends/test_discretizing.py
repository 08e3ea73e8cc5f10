from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import Binarizer, KBinsDiscretizer

from procgen.errors import UnsupportedModelError
from tests.unit.frontends.numeric_columns import X, assert_equal
from tests.unit.frontends.transformer_parity import read_columns

ENCODINGS = ["onehot", "onehot-dense", "ordinal"]


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
def test_bins_equal_sklearn_at_and_beside_every_edge(encode, strategy) -> None:
    quantiles = {"quantile_method": "averaged_inverted_cdf"} if strategy == "quantile" else {}
    step = KBinsDiscretizer([2, 5, 7], encode=encode, strategy=strategy, **quantiles).fit(X)
    edges = np.concatenate(step.bin_edges_)
    near = [f(edges) for f in (lambda e: e, lambda e: np.nextafter(e, -9e9), lambda e: e + 1e-9)]
    scored, refused = assert_equal(step, more=tuple(np.concatenate(near).tolist()))
    assert (scored > 150, refused) == (True, 12)


def test_one_bin_has_one_column() -> None:
    step = KBinsDiscretizer(2, encode="onehot-dense", strategy="uniform").fit(X[:, :1])
    step.bin_edges_[0] = step.bin_edges_[0][[0, -1]]
    step.n_bins_[0] = 1
    assert len(read_columns(step).binding("margin").items) == 1


def test_bins_in_float32_are_refused() -> None:
    step = KBinsDiscretizer(3, dtype=np.float32, strategy="uniform").fit(X)
    with pytest.raises(UnsupportedModelError, match="float32"):
        read_columns(step)


@pytest.mark.parametrize("threshold", [0.0, 0.5, -1, 1e300])
def test_a_binarizer_equals_sklearn(threshold) -> None:
    step = Binarizer(threshold=threshold).fit(X)
    scored, refused = assert_equal(step, more=(threshold, float(np.nextafter(threshold, 9e9))))
    assert (scored > 50, refused) == (True, 12)
