"""How long a test waits for what must come: it ends what hangs, and measures nothing, for a machine may be as slow and as busy as it likes."""

from __future__ import annotations

PATIENCE = 60.0
"""Seconds for any one thing that is waited for."""
