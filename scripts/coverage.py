"""Write docs/coverage.md: every class of scikit-learn and whether procgen reads it.

`python scripts/coverage.py` writes it; `--check` exits 1 if it is out of date.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import sklearn
from sklearn.utils import all_estimators

import procgen.frontends  # noqa: F401 - fills the registries
from procgen.frontends.registry import ESTIMATORS, REFUSED, TRANSFORMERS, class_name

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
KINDS = ("classifier", "regressor", "cluster", "transformer")
NOT_YET = "nothing reads it yet"
HEAD = f"""# Which classes are read

Every estimator and transformer of scikit-learn {sklearn.__version__}, and every class of other
libraries that has a reader. `procgen check MODEL` gives the verdict on a model of yours with its
options; an option that cannot be read exactly, or within the stated bound, is refused by name.

This page is written by `python scripts/coverage.py`.
"""


def main() -> int:
    """Write the page, or compare it."""
    page = "\n".join((HEAD, *_scikit_learn(), *_others())) + "\n"
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
    sys.stdout.write(
        "" if same else "docs/coverage.md is out of date: python scripts/coverage.py\n"
    )
    return 0 if same else 1


def _scikit_learn() -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {name: cls for kind in KINDS for name, cls in all_estimators(type_filter=kind)}
        found |= {name: cls for name, cls in all_estimators() if "Detect" in str(cls.__mro__)}
    rows = sorted((class_name(object.__new__(cls)) for cls in found.values()), key=str.lower)
    lines = [f"| {name} | {_verdict(name)} |" for name in rows]
    read = sum("| read |" in line for line in lines)
    title = f"## scikit-learn: {read} of {len(rows)}"
    return [title, "", "| class | verdict |", "|---|---|", *lines]


def _verdict(name: str) -> str:
    if name in ESTIMATORS.readers or name in TRANSFORMERS.readers:
        return "read"
    if name in REFUSED:
        reason, instead = REFUSED[name]
        return f"refused: it {reason}; {instead}"
    return NOT_YET


def _others() -> list[str]:
    readers = {*ESTIMATORS.readers, *TRANSFORMERS.readers}
    names = sorted(name for name in readers if not name.startswith("sklearn."))
    return ["", "## Other libraries", "", *(f"- {name}" for name in names)]


if __name__ == "__main__":
    sys.exit(main())
