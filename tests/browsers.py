"""The browser that tests open pages with; Debian's, unless the environment names another."""

from __future__ import annotations

import os

BROWSER = os.environ.get("PROCGEN_BROWSER", "/usr/bin/chromium-headless-shell")
