r"""Values as COPY of PostgreSQL reads them in its text format; `\N` is NULL, and bits are kept."""

from __future__ import annotations

from procgen.errors import UnrepresentableError
from procgen.ir.interpreter import Value
from procgen.ir.types import Scalar

ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_field(value: Value) -> str:
    r"""One value of a line.

    Raises:
        UnrepresentableError: a text holds a NUL character.
    """
    if isinstance(value, tuple):
        return "{" + ",".join(_item(item) for item in value).translate(ESCAPES) + "}"
    return "\\N" if value is None else _text(value).translate(ESCAPES)


def _item(value: Scalar) -> str:
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return _text(value)
    quoted = _text(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _text(value: Scalar) -> str:
    match value:
        case bool():
            return "t" if value else "f"
        case str() if "\0" in value:
            raise UnrepresentableError(
                f"the text {value!r} holds a NUL character, which PostgreSQL cannot store",
                hint="leave the row out",
            )
        case float():
            # The shortest decimal that reads back as this very double.
            return repr(value)
        case _:
            return str(value)
