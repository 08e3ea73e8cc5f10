"""How a user wants a version to be written: its language and its lowering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from procgen.backends.languages import SPOKEN, Language
from procgen.backends.lowering import KNOWN, Lowering
from procgen.errors import InputsError

Named = TypeVar("Named", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Manner:
    """A language and a lowering; None where nobody says."""

    language: Language | None = None
    lowering: Lowering | None = None

    @classmethod
    def named(cls, language: str | None, lowering: str | None) -> Manner:
        """What `--language` and `--lowering` say.

        Raises:
            InputsError: there is no such language or lowering.
        """
        return cls(
            None if language is None else _named(Language, language),
            None if lowering is None else _named(Lowering, lowering),
        )

    def require_for(self, engines: Sequence[str]) -> None:
        """Refuse what none of the engines has.

        Raises:
            InputsError: naming the engine that does.
        """
        _require("--language", self.language, SPOKEN, engines)
        _require("--lowering", self.lowering, KNOWN, engines)

    def on(self, engine: str) -> Manner:
        """What of it the engine has; SQL where it does not speak the language."""
        spoken = self.language if self.language in SPOKEN[engine] else Language.SQL
        return Manner(spoken, self.lowering if self.lowering in KNOWN[engine] else None)

    def settled(self, before: Manner | None = None) -> Manner:
        """With what the version before says, or the usual, where this says nothing."""
        before = before or Manner(Language.SQL)
        return Manner(self.language or before.language, self.lowering or before.lowering)

    def as_json(self) -> dict[str, str]:
        """What a model file keeps; what is usual is left out, as files of old leave it."""
        spoken = {} if self.language in (None, Language.SQL) else {"language": str(self.language)}
        return spoken | ({} if self.lowering is None else {"lowering": str(self.lowering)})

    def __str__(self) -> str:
        parts = [f"--language {self.language or Language.SQL}"]
        return " ".join(parts + [f"--lowering {self.lowering}"] * bool(self.lowering))


def _named(kind: type[Named], name: str) -> Named:
    try:
        return kind(name)
    except ValueError:
        raise InputsError(
            f"there is no {kind.__name__.lower()} {name!r}",
            hint=f"it is one of {', '.join(kind)}",
        ) from None


def _require(
    option: str,
    wanted: Named | None,
    had: Mapping[str, tuple[Named, ...]],
    engines: Sequence[str],
) -> None:
    if wanted is None or any(wanted in had[engine] for engine in engines):
        return
    owner = next(engine for engine, known in had.items() if wanted in known)
    raise InputsError(
        f"{option} {wanted} is {owner}'s, and this compiles for {' and '.join(engines)}",
        hint=f"add --target {owner}, or leave {option} out",
    )
