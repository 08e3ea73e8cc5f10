from __future__ import annotations

import pytest
import skops.io

from procgen.frontends.harmless import HARMLESS_TYPES
from procgen.frontends.registry import class_name
from tests.every_model import every_model

OTHERS = ("catboost.", "glum.", "interpret.", "xgboost.")
"""Their types are loaded with trust, or from the library's own file."""


def of_scikit_learn():
    return [one for one in every_model() if class_name(one.model).startswith(("sklearn", "imblea"))]


def test_no_model_of_scikit_learn_needs_trust() -> None:
    needed = {
        (one.name, kind)
        for one in of_scikit_learn()
        for kind in skops.io.get_untrusted_types(data=skops.io.dumps(one.model))
        if kind not in HARMLESS_TYPES and not kind.startswith(OTHERS)
    }
    assert needed == set()


@pytest.mark.parametrize("kind", ["builtins.eval", "os.system", "subprocess.Popen"])
def test_what_runs_code_needs_trust(kind) -> None:
    assert kind not in HARMLESS_TYPES
