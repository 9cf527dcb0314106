"""Fixtures that several folders of tests import: one homeserver for the whole run."""

from __future__ import annotations

import atexit
import functools
import tempfile
from pathlib import Path

import pytest

from tests.emulators.synapse import SynapseServer


@functools.cache
def _homeserver() -> SynapseServer:
    folder = tempfile.TemporaryDirectory(prefix="synapse-")
    server = SynapseServer.start(Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(server.stop)
    return server


@pytest.fixture(scope="session")
def synapse() -> SynapseServer:
    """The homeserver that all tests of a run share; it ends with the run. Every test brings people of its own."""
    return _homeserver()
