"""Contracts need one homeserver for the whole run, and each network in its turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio

from playbooks.rooms import Network, RoomRef
from tests.contracts.stand import Stand
from tests.contracts.stand_matrix import MatrixStand
from tests.contracts.stand_rehearsal import RehearsalStand
from tests.contracts.stand_telegram import TelegramStand
from tests.emulators.fixtures import synapse  # noqa: F401

STANDS = ("rehearsal telegram", "rehearsal matrix", "telegram", "matrix plain", "matrix encrypted")


def _stand(name: str, request: pytest.FixtureRequest, folder: pytest.TempPathFactory) -> Stand:
    network, _, more = name.partition(" ")
    if network == "rehearsal":
        return RehearsalStand(cast(Network, more))
    if network == "telegram":
        return TelegramStand()
    server = request.getfixturevalue("synapse")
    return MatrixStand(server, folder.mktemp("matrix"), sealed=more == "encrypted")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=STANDS)
async def stand(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """A network with its people, connected; the tests of a module share it, and each brings rooms of its own."""
    made = _stand(request.param, request, tmp_path_factory)
    await made.open()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def room(stand: Stand) -> RoomRef:
    """A room of this test's own, with Ada, Bo and the bot in it."""
    if stand.silent:  # the test before has failed half way
        await stand.restart()
    return await stand.room()
