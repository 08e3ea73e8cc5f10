"""The text of a script as it is executed and hashed: no BOM, LF only, exactly one LF at the end.

Nothing else is folded: whitespace and comments may stand inside PL/Python or a string literal.
"""

from __future__ import annotations

import hashlib

from procgen.errors import CorruptFileError


def canonical(content: bytes, source: str) -> str:
    """Decode the bytes of the file `source` and normalise them.

    Raises:
        CorruptFileError: the file is not UTF-8, or it holds a NUL, which no database can store.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptFileError(f"{source} is not UTF-8: {error}", hint="save it as UTF-8") from None
    if "\0" in text:
        raise CorruptFileError(f"{source} holds a NUL character", hint="remove it")
    return normalised(text)


def normalised(text: str) -> str:
    """Apply the rules of this module to a text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines.rstrip("\n") + "\n"


def sha256(text: str) -> str:
    """The hash of a canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
