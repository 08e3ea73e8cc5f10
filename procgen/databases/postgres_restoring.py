"""The statements that give one routine or type back its definition, its owner and its grants."""

from __future__ import annotations

from procgen.artifacts.templates import render
from procgen.databases.difference import rights
from procgen.migrations.ledger import StoredObject


def restoring(wanted: StoredObject, live: StoredObject | None, source: str) -> str:
    """A script that makes `live` what was recorded; `source` is the statement that defines it."""
    kind, _, name = wanted.identity.partition(" ")
    has_changed = live is None or (live.definition, live.body) != (wanted.definition, wanted.body)
    is_other = live is not None and kind == "type" and has_changed
    before = set() if live is None else {grantee for _, grantee in rights(live.acl)}
    return render(
        "postgres",
        "restore",
        kind=kind.upper(),
        name=name,
        source=source if has_changed else None,
        drop=is_other,
        owner=_quoted(wanted.owner),
        revoked=sorted(before | {"PUBLIC"}),
        granted=sorted(rights(wanted.acl)),
    )


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'
