"""Write docs/coverage.md: every class that a user may bring, and what procgen does with it.

`python scripts/coverage.py` writes it; `--check` exits 1 if it is out of date, or if a class has
neither a reader nor a reason.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import sklearn
from sklearn.utils import all_estimators

import procgen.frontends  # noqa: F401 - fills the registries
from procgen.frontends.registry import (
    BRIDGED,
    ESTIMATORS,
    INNER_MODELS,
    REFUSED,
    TRANSFORMERS,
    bound_of,
    class_name,
)

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
CONTAINERS = ("Pipeline", "ColumnTransformer", "FeatureUnion")
EXPERIMENTS = ("enable_halving_search_cv", "enable_iterative_imputer")
MODULES = (
    "catboost",
    "glum",
    "imblearn.ensemble",
    "imblearn.pipeline",
    "interpret.glassbox",
    "interpret.privacy",
    "lightgbm",
    "xgboost",
)
"""Modules whose classes that predict are all listed."""
RESULTS = (
    "statsmodels.base.elastic_net",
    "statsmodels.discrete.conditional_models",
    "statsmodels.discrete.count_model",
    "statsmodels.discrete.discrete_model",
    "statsmodels.discrete.truncated_model",
    "statsmodels.gam.generalized_additive_model",
    "statsmodels.genmod.generalized_estimating_equations",
    "statsmodels.genmod.generalized_linear_model",
    "statsmodels.miscmodels.ordinal_model",
    "statsmodels.othermod.betareg",
    "statsmodels.regression.linear_model",
    "statsmodels.regression.mixed_linear_model",
    "statsmodels.robust.robust_linear_model",
)
"""Modules of statsmodels, whose fitted models are results."""
HEAD = f"""# Which classes are read

Every class of scikit-learn {sklearn.__version__}'s `all_estimators()`, and of the other libraries
every class that predicts. `procgen check MODEL` says the same of a model of yours, step by step and
with its options; an option that cannot be read is refused by name.

- **exact**: scores have Python's bits, on every row. Where a model ends in a link, its
  probabilities or predictions are within 4 ULP of the library's link of the same margin.
- **bounded**: they are as near as arithmetic in another order allows, and no tolerance is tuned.
  For a weighted sum that is `4 eps sum(|w x|) + eps |intercept|`, for more than 100 terms n
  `(n + log2(n) + 4) / 2` instead of 4; what is computed from it stays within the interval that
  follows.
- **exact where the models inside are** (or the steps): it adds no rounding of its own. A score
  that went through exp() and is computed with further, as a probability in a stack, is bounded.
- **bridge**: read by way of m2cgen, bounded, and written only after its answers were compared with
  Python's on a sample of rows of yours.
- **refused**: nothing is written, and the reason is given.

Every class that is read is compared with its library on DuckDB and PostgreSQL by the tests, which
also hold what is said here against what fitted models show.

This page is written by `python scripts/coverage.py`.
"""


def main() -> int:
    """Write the page, or compare it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, others = sorted(_scikit_learn(), key=str.lower), sorted(_others(), key=str.lower)
    unknown = [name for name in (*ours, *others) if not _is_known(name)]
    if unknown:
        sys.stdout.write(f"neither read nor refused: {', '.join(unknown)}\n")
        return 1
    title = f"scikit-learn {sklearn.__version__}"
    page = "\n".join((HEAD, *_table(title, ours), "", *_table("Other libraries", others))) + "\n"
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
    sys.stdout.write(
        "" if same else "docs/coverage.md is out of date: python scripts/coverage.py\n"
    )
    return 0 if same else 1


def _scikit_learn() -> set[str]:
    for name in EXPERIMENTS:
        importlib.import_module(f"sklearn.experimental.{name}")
    read = (name for name in _readers() if name.startswith("sklearn.") and "._" not in name)
    return {*(_name(cls) for _, cls in all_estimators()), *read}


def _others() -> set[str]:
    found = {name for name in _readers() if not name.startswith("sklearn.")}
    for module in map(importlib.import_module, MODULES):
        found.update(_name(cls) for cls in _classes(module) if hasattr(cls, "predict"))
    for module in map(importlib.import_module, RESULTS):
        found.update(
            _name(cls)
            for cls in _classes(module)
            if cls.__module__ == module.__name__ and cls.__name__.endswith("ResultsWrapper")
        )
    return found


def _classes(module: object) -> Iterator[type]:
    for name, value in vars(module).items():
        if inspect.isclass(value) and not name.startswith("_"):
            yield value


def _name(cls: type) -> str:
    return class_name(object.__new__(cls))


def _readers() -> set[str]:
    return {*ESTIMATORS.readers, *TRANSFORMERS.readers}


def _is_known(name: str) -> bool:
    return name in _readers() or name in REFUSED


def _table(title: str, names: Iterable[str]) -> Iterator[str]:
    verdicts = {name: _verdict(name) for name in names}
    counts = Counter(verdict.partition(":")[0].partition(" ")[0] for verdict in verdicts.values())
    listed = ", ".join(
        f"{counts[kind]} {kind}" for kind in ("exact", "bounded", "bridge", "refused")
    )
    yield f"## {title}: {len(verdicts)} classes"
    yield ""
    yield f"{listed}."
    yield ""
    yield "| class | verdict | read as |"
    yield "|---|---|---|"
    for name, verdict in verdicts.items():
        yield f"| {name} | {verdict} | {_roles(name)} |"


def _verdict(name: str) -> str:
    if name in REFUSED:
        reason, instead = REFUSED[name]
        return f"refused: it {reason}; {instead}"
    bound = bound_of(name)
    if name in BRIDGED and bound is not None:
        return f"bridge: {bound.reason}"
    if name.endswith(CONTAINERS):
        return "exact where its steps are"
    if bound is None:
        return "exact where the models inside are" if name in INNER_MODELS.readers else "exact"
    if bound.options:
        return f"exact; bounded with {bound.options}: {bound.reason}"
    return f"bounded: {bound.reason}"


def _roles(name: str) -> str:
    roles = {"model": ESTIMATORS, "step": TRANSFORMERS}
    return " and ".join(role for role, registry in roles.items() if name in registry.readers)


if __name__ == "__main__":
    sys.exit(main())
