"""Which commit of git the files come from; an answer only for the record, so None will do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def git_commit(root: Path) -> str | None:
    """The commit that is checked out where `root` is, or None without git or a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        found = subprocess.run(  # noqa: S603 - the program is found above, the words are fixed
            [git, "rev-parse", "HEAD"],
            cwd=root,
            capture_output=True,
            check=False,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
