"""Copies of the log for people outside: one file for each form."""

from __future__ import annotations

import contextlib
from importlib import metadata


def program() -> str:
    """The version that made a copy."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("tocsin")
    return "unknown"
