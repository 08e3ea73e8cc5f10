"""How a user wants a version to be written: its language and its lowering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procgen.backends.languages import SPOKEN, Language, language_named, require_spoken
from procgen.backends.lowering import KNOWN, Lowering, lowering_named
from procgen.errors import InputsError


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
            None if language is None else language_named(language),
            None if lowering is None else lowering_named(lowering),
        )

    def require_for(self, engines: Sequence[str]) -> None:
        """Refuse what none of the engines has.

        Raises:
            InputsError: naming the engine that does.
        """
        if self.language is not None:
            require_spoken(self.language, tuple(engines))
        if self.lowering is None or any(self.lowering in KNOWN[engine] for engine in engines):
            return
        owner = next(engine for engine, known in KNOWN.items() if self.lowering in known)
        raise InputsError(
            f"--lowering {self.lowering} is {owner}'s, and this compiles for "
            f"{' and '.join(engines)}",
            hint=f"add --target {owner}, or leave --lowering out",
        )

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
