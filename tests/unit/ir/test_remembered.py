from __future__ import annotations

import gc

from procgen.ir.remembered import remembered
from procgen.ir.trees import Ensemble, Leaf, Tree


def one_leaf(value: float) -> Ensemble:
    return Ensemble((), (Tree((Leaf((value,)),)),), (0.0,))


def test_an_answer_is_computed_once_for_each_value() -> None:
    asked = []
    first, second = one_leaf(1.0), one_leaf(1.0)
    answer = remembered(lambda ensemble: asked.append(ensemble) or len(asked))
    assert [answer(first), answer(second), answer(first)] == [1, 2, 1]
    assert len(asked) == 2


def test_what_is_gone_is_forgotten_before_its_place_is_taken() -> None:
    answer = remembered(lambda ensemble: ensemble.trees[0].nodes[0].values[0])
    found = []
    for value in range(100):
        found.append(answer(one_leaf(float(value))))
        gc.collect(0)
    assert found == [float(value) for value in range(100)]
