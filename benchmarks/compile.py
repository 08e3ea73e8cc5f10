"""How long a large model takes to become SQL: `python -m benchmarks.compile [--json]`."""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from typing import Any

import sklearn
from rich.console import Console
from rich.table import Table

from benchmarks.models import COLUMNS, large_ensembles
from procgen.backends import DIALECTS
from procgen.compiler import compile_model
from procgen.ir.trees import Ensemble, Leaf

ROUNDS = 3


def measure(model: Any, target: str) -> dict[str, Any]:
    """Median seconds from the fitted object to every script, and the size of what came out."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        artifact = compile_model(model, name="model", target=target, inputs=COLUMNS)
        seconds.append(time.perf_counter() - start)
    leaves = sum(
        isinstance(node, Leaf)
        for binding in artifact.program.bindings
        if isinstance(binding.value, Ensemble)
        for tree in binding.value.trees
        for node in tree.nodes
    )
    size = len(artifact.up.encode())
    return {"seconds": statistics.median(seconds), "leaves": leaves, "bytes": size}


def main() -> None:
    """Measure each model for each database, and print a table or JSON."""
    figures = [
        {"model": name, "target": target, **measure(model, target)}
        for name, model in large_ensembles().items()
        for target in DIALECTS
    ]
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=2))
        return
    table = Table(title=f"Compile, {platform.machine()}, scikit-learn {sklearn.__version__}")
    for title in ("model", "target", "leaves", "SQL", "seconds"):
        table.add_column(title, justify="left" if title in ("model", "target") else "right")
    for row in figures:
        size, leaves = f"{row['bytes'] / 1e6:.1f} MB", f"{row['leaves']:,}"
        table.add_row(row["model"], row["target"], leaves, size, f"{row['seconds']:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
