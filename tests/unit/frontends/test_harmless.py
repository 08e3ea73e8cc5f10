from __future__ import annotations

import pytest
import skops.io

from procgen.frontends.harmless import HARMLESS_TYPES
from procgen.frontends.registry import class_name
from tests.every_zoo import FAMILIES

OTHERS = ("catboost.", "glum.", "interpret.", "xgboost.")
"""Their types are loaded with trust, or from the library's own file."""


def of_scikit_learn():
    models = {
        name: make().model
        for family, makers in FAMILIES.items()
        if family != "category_encoders, feature-engine"
        for name, make in makers.items()
    }
    return {
        name: model
        for name, model in models.items()
        if class_name(model).startswith(("sklearn", "imblea"))
    }


def test_no_model_of_scikit_learn_needs_trust() -> None:
    needed = {
        (name, kind)
        for name, model in of_scikit_learn().items()
        for kind in skops.io.get_untrusted_types(data=skops.io.dumps(model))
        if kind not in HARMLESS_TYPES and not kind.startswith(OTHERS)
    }
    assert needed == set()


@pytest.mark.parametrize("kind", ["builtins.eval", "os.system", "subprocess.Popen"])
def test_what_runs_code_needs_trust(kind) -> None:
    assert kind not in HARMLESS_TYPES
