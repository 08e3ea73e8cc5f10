"""Compile trained models into database routines: versioned, reversible, proven equal to Python.

    artifact = procgen.compile(model, name="churn", target="duckdb")
    report = procgen.verify(artifact, model)
"""

from __future__ import annotations

from procgen.compiler import compile_model as compile  # noqa: A004 - the verb users look for
from procgen.frontends import load_model

# The room is called what it does: importing it here first leaves `procgen.verify` the function.
from procgen.verify import verify

__all__ = ["compile", "load_model", "verify"]
