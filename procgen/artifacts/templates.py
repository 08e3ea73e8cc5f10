"""Templates hold layout only: values arrive quoted, and an unknown name is an error."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, FunctionLoader, StrictUndefined


def template_folder() -> Traversable:
    """`templates/`: inside the package in a wheel, beside it in a checkout."""
    package = files("procgen")
    installed = package / "_templates"
    return installed if installed.is_dir() else package / ".." / "templates"


@cache
def _environment() -> Environment:
    folder = template_folder()
    # SQL is not HTML: escaping would change it, and every value comes from one quoting function.
    return Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(engine: str, script: str, **values: object) -> str:
    """Fill `templates/<engine>/<script>.sql.j2`."""
    return _environment().get_template(f"{engine}/{script}.sql.j2").render(**values)
