"""The languages in which an engine can score: SQL everywhere, Python where the user asks for it."""

from __future__ import annotations

import enum

from procgen.errors import InputsError


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


def language_named(name: str) -> Language:
    """The language that users call `name`.

    Raises:
        InputsError: there is no such language.
    """
    try:
        return Language(name)
    except ValueError:
        raise InputsError(
            f"there is no language {name!r}", hint=f"it is one of {', '.join(Language)}"
        ) from None


def require_spoken(language: Language, engines: tuple[str, ...]) -> None:
    """Refuse a language that none of the engines speaks.

    Raises:
        InputsError: naming the engine that does.
    """
    if any(language in SPOKEN[engine] for engine in engines):
        return
    speaker = next(engine for engine, spoken in SPOKEN.items() if language in spoken)
    raise InputsError(
        f"--language {language} is {speaker}'s, and this compiles for {' and '.join(engines)}",
        hint=f"add --target {speaker}, or leave --language out",
    )
