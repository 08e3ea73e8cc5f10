"""The languages in which an engine can score: SQL everywhere, Python where the user asks for it."""

from __future__ import annotations

import enum


class Language(enum.StrEnum):
    """What `--language` takes.

    PLPYTHON writes PostgreSQL routines in plpython3u. PYTHON marks a version for
    `procgen.duckdb.register`, which scores in the process that opened the file; what is stored
    there stays a macro.
    """

    SQL = "sql"
    PLPYTHON = "plpython"
    PYTHON = "python"


SPOKEN: dict[str, tuple[Language, ...]] = {
    "duckdb": (Language.SQL, Language.PYTHON),
    "postgres": (Language.SQL, Language.PLPYTHON),
}
