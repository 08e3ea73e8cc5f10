"""The kernel's text: its modules one after the other, to run where procgen is not installed."""

from __future__ import annotations

import ast
import builtins
from functools import cache
from importlib.resources import files

MODULES = (
    "functions",
    "values",
    "ranks",
    "joint_tables",
    "joints",
    "masks",
    "walks",
    "jitted",
    "ensemble",
    "model",
    "wire",
)
PACKAGE = "procgen.kernels.runtime"


@cache
def kernel_source() -> str:
    """The kernel as one module without docstring, `__future__` imports or imports of its parts.

    PL/Python runs it inside a function whose globals change at every call, as they hold the
    arguments: so the text imports the builtins it uses, which are sooner found as its own, and
    which no argument can hide.
    """
    folder = files(PACKAGE)
    texts = [(folder / f"{name}.py").read_text(encoding="utf-8") for name in MODULES]
    imports: dict[str, None] = {}
    bodies = []
    for text in texts:
        kept, found = _stripped(text)
        imports.update(dict.fromkeys(found))
        bodies.append(kept.strip("\n"))
    body = "\n\n\n".join(bodies)
    return "\n".join([*sorted(imports), _own_builtins(body), "", body]) + "\n"


def _stripped(text: str) -> tuple[str, list[str]]:
    """A module without its docstring and imports, and those imports that others need too."""
    lines = text.split("\n")
    found = []
    tree = ast.parse(text)
    for node in tree.body:
        is_docstring = node is tree.body[0] and isinstance(node, ast.Expr)
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not (isinstance(node, ast.ImportFrom) and _is_own(node.module)):
                found.append(ast.unparse(node))
        elif not is_docstring:
            continue
        for number in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[number] = ""
    return "\n".join(lines), found


def _is_own(module: str | None) -> bool:
    return module is not None and module.startswith(("procgen", "__future__"))


def _own_builtins(body: str) -> str:
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    return f"from builtins import {', '.join(sorted(used & set(dir(builtins))))}"
