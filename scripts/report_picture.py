"""Make docs/images/report.png: the report of a real model, as a browser shows it.

    python scripts/report_picture.py [URL ...]

It trains on the breast cancer data that ship with scikit-learn, compiles, applies to an embedded
DuckDB and to the databases named, runs `procgen test --mutate` and takes the picture. It needs
Playwright and Debian's chromium-headless-shell, as the tests do.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import skops.io
from playwright.sync_api import sync_playwright
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier

from procgen.cli import main

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "report.png"
BROWSER = os.environ.get("PROCGEN_BROWSER", "/usr/bin/chromium-headless-shell")
SIZE = {"width": 1240, "height": 900}
INPUTS = 8


def make(urls: list[str]) -> None:
    """Every step, in a folder that is gone afterwards."""
    os.environ["LOGNAME"] = "deploy"  # the picture is not about who runs this script
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = train(folder)
        project = folder / "project"
        run("init", project)
        run("compile", model, "--name", "tumour", "-C", project)
        run("promote", "tumour", "v1", "-C", project)
        databases = [f"duckdb:///{folder / 'scores.duckdb'}", *urls]
        for url in databases:
            run("apply", "--url", url, "-C", project)
        page = folder / "report.html"
        asked = [word for url in databases for word in ("--url", url)]
        run("test", "tumour", "--mutate", "--html", page, "-C", project, *asked)
        photograph(page)


def train(folder: Path) -> Path:
    """569 tumours by their first measurements."""
    table, benign = load_breast_cancer(return_X_y=True, as_frame=True)
    model = GradientBoostingClassifier(n_estimators=12, max_depth=3, random_state=0)
    model.fit(table.iloc[:, :INPUTS], np.where(benign == 1, "benign", "malignant"))
    path = folder / "tumour.skops"
    path.write_bytes(skops.io.dumps(model))
    return path


def run(*words: object) -> None:
    """A command of procgen's that must succeed."""
    code = main([*map(str, words)])
    if code:
        sys.exit(f"procgen {words[0]} ended with {code}")


def photograph(page: Path) -> None:
    """The upper part of the page."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        window = browser.new_page(viewport=SIZE, device_scale_factor=1)
        window.goto(page.as_uri())
        end = window.locator("#scores").bounding_box()
        assert end is not None  # noqa: S101 - the page has it
        height = end["y"] + end["height"] + 16
        clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": height}
        window.screenshot(path=PICTURE, clip=clip, full_page=True)
        browser.close()


if __name__ == "__main__":
    make(sys.argv[1:])
