"""Comparing what a database stores: before and after a script, or now and as recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from procgen.migrations.ledger import StoredObject

Stored = Mapping[str, StoredObject]


def changed_objects(before: Stored, after: Stored) -> tuple[StoredObject, ...]:
    """What a script made or changed, and what it removed, in the order of names."""
    changed = [found for name, found in after.items() if before.get(name) != found]
    gone = [StoredObject(name, gone=True) for name in before if name not in after]
    return tuple(sorted(changed + gone, key=lambda found: found.identity))


def differences(expected: Stored, live: Stored, names: Iterable[str]) -> tuple[str, ...]:
    """For each of these identities that is not as expected, a phrase that says how."""
    found: list[str] = []
    for name in sorted(set(names)):
        if name not in expected and name in live:
            found.append(f"{name} is still there")
        elif name in expected and name not in live:
            found.append(f"{name} is missing")
        elif expected.get(name) != live.get(name):
            found.append(f"{name} differs")
    return tuple(found)
