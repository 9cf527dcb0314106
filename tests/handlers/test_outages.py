"""What coordinators read of networks that come and go: each loss that matters, and no more."""

from __future__ import annotations

from datetime import timedelta

from handlers import due
from handlers.events import NetworkEvent
from playbooks.rooms import RoomRef
from storage.deployment import FLAPPING, outage_key
from storage.effects import Send, Unwake, Wake
from storage.facts import DEPLOYMENT, DeadlinePassed
from storage.store import Deadline
from tests.handlers.stage import ADMIN, NOW, Stage

HOME = RoomRef("telegram", "501")
GONE = NetworkEvent("matrix", "lost", "no route")
REFUSED = NetworkEvent("matrix", "lost", "bad token", rejected=True)
BACK = NetworkEvent("matrix", "back")


def _told(stage: Stage, event: NetworkEvent, seconds: int = 1) -> list[str]:
    """What the administrator reads because of this."""
    stage.now += timedelta(seconds=seconds)
    return [one.body.text for one in stage.happen(event) if isinstance(one, Send)]


def _looks_again(stage: Stage) -> list[Wake]:
    """When it is looked whether a network is still lost, among all that the start set."""
    return [wake for wake in stage.wakes if wake.kind == "network-down"]


def test_a_loss_and_a_return_are_told_and_a_second_loss_soon_after_is_not() -> None:
    """Lost, back, lost, back within minutes: two messages; lost again after the quiet time: told again."""
    stage = Stage.set()
    assert "Matrix does not work" in _told(stage, GONE)[0]
    assert "works again" in _told(stage, BACK)[0]
    assert _told(stage, GONE) == []
    assert len(_looks_again(stage)) == 1
    stage.now += timedelta(seconds=1)
    effects = stage.happen(BACK)
    assert [type(one) for one in effects if isinstance(one, Send | Unwake)] == [Unwake]
    assert len(_told(stage, GONE, int(FLAPPING.total_seconds()))) == 1


def test_a_silent_loss_that_lasts_is_told_when_the_quiet_time_is_over() -> None:
    """A network that came and went and stays away is told of by the deadline, and its return then is told too."""
    stage = Stage.set()
    _told(stage, GONE)
    _told(stage, BACK)
    assert _told(stage, GONE) == []
    [wake] = _looks_again(stage)
    assert wake.at == NOW + timedelta(seconds=1) + FLAPPING
    stage.now = wake.at
    deadline = Deadline(wake.key, DEPLOYMENT, wake.at, wake.kind, wake.about)
    stage._keep(DEPLOYMENT, DeadlinePassed(outage_key("matrix"), wake.at, 0))
    [send] = [one for one in due(stage.world, deadline, stage.now) if isinstance(one, Send)]
    assert send.to == HOME
    assert "Matrix does not work" in send.body.text
    assert "works again" in _told(stage, BACK)[0]


def test_a_refusal_is_told_at_once_even_while_the_network_is_known_to_be_lost() -> None:
    """First no connection, then a refused token: somebody must renew it, so that is told, once."""
    stage = Stage.set()
    assert "token" not in _told(stage, GONE)[0]
    assert "token" in _told(stage, REFUSED)[0]
    assert _told(stage, REFUSED) == []
    assert ADMIN in stage.world.admins
