"""The statements of an attachment's script that make single objects again, where they are wrong.

A script as a whole would fail at what is still there, and must not drop a table of predictions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import sqlglot
from sqlglot import Token, TokenType

from procgen.backends import dialect_named

REPLACED = frozenset({"function", "procedure", "macro", "trigger"})
"""What CREATE OR REPLACE makes; a table or a column holds data, and is made only where none is."""
KINDS = REPLACED | {"view", "table"}
CREATE = re.compile(r"CREATE( OR REPLACE)?")


def remaking(
    script: str, wrong: Collection[str], there: Collection[str], engine: str
) -> dict[str, str]:
    """For each of some objects the statements that make it and say who may use it, in their order.

    Args:
        script: of an attachment, or of a promotion that has moved some.
        wrong: the identities of what is to be made.
        there: the identities of what is stored, be it as it should or not.
        engine: whose script it is.
    """
    names = {_name_of(identity, engine): identity for identity in wrong}
    quote = dialect_named(engine).identifier
    made: dict[str, list[str]] = {}
    for tokens in _statements(sqlglot.tokenize(script, read=engine)):
        subject = _subject(tokens)
        if subject in names:
            identity = names[subject]
            text = script[tokens[0].start : tokens[-1].end + 1]
            drop = f"DROP VIEW {'.'.join(map(quote, subject[1:]))}"
            own = made.setdefault(identity, [])
            own += _remade(text, subject[0], drop, is_there=identity in there)
    return {identity: ";\n".join(texts) for identity, texts in made.items() if texts}


def _statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    own: list[Token] = []
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            own.append(token)
        elif own:
            yield own
            own = []


def _subject(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The kind and the names of what a statement is about; nothing where no object is made."""
    words = [token.text.lower() for token in tokens]
    match words:
        case ["create", "or", "replace", kind, *_]:
            start = 4
        case ["create", kind, *_]:
            start = 2
        case ["alter", "table", *_] if "column" in words:
            added = words.index("column") + 1
            return "column", *_names(tokens, 2), *_names(tokens, added)
        case ["grant" | "revoke" | "comment", *_] if "on" in words:
            start = words.index("on") + 1
            kind = words[start]
            start += kind in KINDS
        case _:
            return ()
    names = _names(tokens, start)
    if kind == "trigger":
        names += _names(tokens, words.index("on", start + 1) + 1)
    return kind if kind in KINDS else "table", *names


def _names(tokens: Sequence[Token], start: int) -> list[str]:
    """The parts of the name that begins at a place."""
    found = []
    for place in range(start, len(tokens), 2):
        found.append(tokens[place].text)
        if place + 1 == len(tokens) or tokens[place + 1].token_type is not TokenType.DOT:
            break
    return found


def _name_of(identity: str, engine: str) -> tuple[str, ...]:
    """The same of an object as the catalog names it."""
    kind, _, rest = identity.removeprefix("table macro").partition(" ")
    tokens = sqlglot.tokenize(rest, read=engine)
    names = _names(tokens, 0)
    if kind == "trigger":
        names += _names(tokens, len(names) * 2)
    return kind or "macro", *names


def _remade(text: str, kind: str, drop: str, *, is_there: bool) -> list[str]:
    if not text.startswith(("CREATE", "ALTER")):  # it says who may use it, or what it is
        return [text]
    if kind in REPLACED:
        return [CREATE.sub("CREATE OR REPLACE", text, count=1)]
    if kind == "view" and is_there:  # replaced, it would keep the rights that somebody has added
        return [drop, text]
    return [] if is_there else [text]
