from __future__ import annotations

import pytest

from procgen.errors import UnsupportedModelError
from procgen.frontends.refused import REFUSED
from procgen.frontends.registry import ESTIMATORS, TRANSFORMERS, Frame, Scope, read_transformer


@pytest.mark.parametrize("name", REFUSED)
def test_a_class_that_is_refused_says_why_and_what_to_do(name) -> None:
    module, _, short = name.rpartition(".")
    step = type(short, (), {"__module__": module})()
    with pytest.raises(UnsupportedModelError) as refusal:
        read_transformer(step, Frame(()), Scope())
    reason, instead = REFUSED[name]
    assert str(refusal.value) == f"{name} {reason}; {instead}"


def test_no_class_is_both_read_and_refused() -> None:
    assert not REFUSED.keys() & (TRANSFORMERS.readers.keys() | ESTIMATORS.readers.keys())
