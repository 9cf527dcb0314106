"""What the tests of the networks share."""

from __future__ import annotations

from tests.emulators.fixtures import synapse

__all__ = ["synapse"]
