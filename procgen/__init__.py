"""Compile trained models into database routines: versioned, reversible, proven equal to Python.

`procgen.compile(model, name="churn", target="duckdb")` gives an Artifact, and
`procgen.verify(artifact, model)` compares it with the model inside a database.
"""

from __future__ import annotations

from procgen.compiler import compile_model as compile  # noqa: A004 - the verb users look for
from procgen.frontends import load_model

# The room is called what it does: importing it here first leaves `procgen.verify` the function.
from procgen.verify import verify

__all__ = ["compile", "load_model", "verify"]
