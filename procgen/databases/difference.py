"""How two versions of one routine differ, in phrases and lines that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from procgen.migrations.migration import Migration

WIDTH = 100
LEAD = 30
NAME = r'"(?:[^"]|"")*"|[^=/,"]*'
GRANT = re.compile(rf"(?P<grantee>{NAME})=(?P<rights>[^/]*)/(?:{NAME})")
RIGHTS = {"X": "EXECUTE", "U": "USAGE"}


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two bodies part.

    Attributes:
        git: what the file says there, as the database prints it.
        database: what the database has there.
        line: the line of the file, where the text stands in it as it is.
    """

    git: str
    database: str
    line: int | None = None


def first_difference(git: str, database: str, migration: Migration | None = None) -> Difference:
    """The first line that differs, cut to what can be read."""
    for one, other in zip_longest(git.split("\n"), database.split("\n"), fillvalue=""):
        if one != other:
            start = max(0, _shared(one, other) - LEAD)
            line = None if migration is None else _line(migration.up, git, one)
            return Difference(_cut(one, start), _cut(other, start), line)
    return Difference("", "")


def attribute_changes(expected: str, live: str) -> Iterator[str]:
    """Each attribute that is not as it was."""
    before, after = (_attributes(text) for text in (expected, live))
    for name, value in after.items():
        if before and before.get(name) != value:
            yield f"{name} is {value}, was {before.get(name)}"


def grants(expected: str, live: str, migration: str) -> Iterator[str]:
    """Each right that is given beyond the file, or missing."""
    before, after = set(rights(expected)), set(rights(live))
    for right, grantee in sorted(after - before):
        yield f"{right} granted to {grantee}, not in {migration}"
    for right, grantee in sorted(before - after):
        yield f"{right} revoked from {grantee}, which {migration} grants"


def rights(acl: str) -> Iterator[tuple[str, str]]:
    """The rights in an access list, with their grantees as SQL writes them."""
    for item in GRANT.finditer(acl):
        for letter in item["rights"].replace("*", ""):
            yield RIGHTS.get(letter, letter), item["grantee"] or "PUBLIC"


def _attributes(text: str) -> dict[str, str]:
    parts = (part.partition("=") for part in re.split(r"; (?=[a-z]+=)", text) if "=" in part)
    return {name: value for name, _, value in parts}


def _shared(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _cut(text: str, start: int) -> str:
    shown = text[start : start + WIDTH]
    return ("..." if start else "") + shown.strip() + ("..." if start + WIDTH < len(text) else "")


def _line(script: str, source: str, line: str) -> int | None:
    """Where the line stands in the script, if it stands there once."""
    found = [number for number, text in enumerate(script.split("\n"), 1) if text == line]
    return found[0] if line in source and len(found) == 1 else None
