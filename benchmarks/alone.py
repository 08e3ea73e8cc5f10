"""A section by itself: `python -m benchmarks.batch` is `python -m benchmarks --only batch`."""

from __future__ import annotations

import sys

import typer


def run(section: str, *usual: str) -> None:
    """Run the suite with this section alone; `usual` is an option and its value."""
    from benchmarks.__main__ import main  # noqa: PLC0415 - it imports every section

    sys.argv[1:1] = ["--only", section]
    if usual and not any(word.startswith(usual[0]) for word in sys.argv):
        sys.argv += usual
    typer.run(main)
