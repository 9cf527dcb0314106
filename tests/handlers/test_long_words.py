"""What is longer than anybody writes: refused whole; and what is as long as it may be costs no more than twice what half of it costs."""

from __future__ import annotations

import sys
import time
from types import FrameType

import pytest

from handlers import LONGEST, acting, decisions, hear
from handlers.checkin_words import apart
from handlers.command import short_ids
from handlers.commands import COMMANDS
from handlers.world import Request
from storage.effects import Send
from tests.handlers.border_stage import AID, CITY, FIRE, LIAISON, MAYOR, SOMEBODY, issued, opened, said
from tests.handlers.stage import Stage

SHAPES = (
    "a ",
    "x ,",
    '"',
    "a=b ",
    'what="',
    "for a by ",
    "help ",
    "A-1 ",
    "R-1 I-1 ",
    "((([",
    "🆘 ",
    "because , ",
    "rejected ",
    "<&",
    "1.23 ",
    " ",
    "é",
)
CPU_SECONDS = 4.0
"""A hundred times what each takes on a slow machine, and less than what a search in the square of the length takes."""


@pytest.fixture(scope="module")
def busy() -> Stage:
    """An incident with an alert, a roll call and a draft."""
    stage = opened()
    issued(stage)
    stage.say(FIRE, "/rollcall all", LIAISON)
    stage.say(CITY, "/alert talk", MAYOR)
    return stage


def cost(stage: Stage, text: str) -> tuple[int, float]:
    """How many calls one message leads to, and the processor's time."""
    request = Request(stage.now, b"seed", FIRE, False, LIAISON, LIAISON, text)
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = time.process_time()
    sys.setprofile(count)
    try:
        hear(stage.world, request)
    finally:
        sys.setprofile(None)
    return calls, time.process_time() - before


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_a_long_message_costs_no_more_than_its_length(busy: Stage, command: str) -> None:
    """For every command and each nasty shape, twice the length leads to no more than about twice the calls."""
    for shape in SHAPES:
        texts = [f"/{command} x{shape * (length // len(shape))}y" for length in (3900, 7800)]
        half, _ = cost(busy, texts[0])
        whole, seconds = cost(busy, texts[1])
        assert whole < 3 * half + 2000, f"/{command} with {shape!r}: {half} calls, then {whole}"
        assert seconds < CPU_SECONDS, f"/{command} with {shape!r} takes {seconds:.1f} s"


def test_what_is_too_long_is_refused_whole() -> None:
    """One character too many, and nothing of it is done, in words that say how much is taken; where nobody speaks to us, silence."""
    stage = opened()
    before = len(stage.facts)
    most = "/note " + "a" * (LONGEST - 6)
    assert "at most 8000 characters" in said(stage, AID, most + "a")
    assert len(stage.facts) == before
    assert stage.say(AID, "a" * (LONGEST + 1), SOMEBODY) == []
    stage.say(AID, most)
    assert len(stage.facts) > before


def test_a_long_answer_to_a_question_is_refused_whole() -> None:
    """Words that a step of ours asked for are not cut either."""
    stage = opened()
    stage.say(CITY, "/alert talk", MAYOR)
    before = len(stage.facts)
    told: list[Send] = stage.say(CITY, "a" * (LONGEST + 1), MAYOR)
    assert ["nothing was done" in send.body.text for send in told] == [True]
    assert len(stage.facts) == before


def test_a_long_name_is_cut() -> None:
    """What a network calls somebody may be any length; what is kept of it is not."""
    stage = opened()
    request = Request(stage.now, b"seed", AID, False, "telegram:9", "n" * 50_000, "/note hello")
    assert len(repr(hear(stage.world, request))) < 20_000


def test_reading_is_linear_without_a_bound() -> None:
    """The readers themselves do not depend on the bound: a million characters are read at once."""
    before = time.process_time()
    many = 1_000_000
    assert decisions.read("x" + "," * many + "y")["rationale"] is None
    assert decisions.read("stay" + " ," * (many // 2) + "because of rain rejected: go") == {
        "_decision": "stay",
        "rationale": "of rain",
        "rejected": "go",
    }
    assert apart("a " * (many // 20) + "help me", "help") == (("a " * (many // 20)).strip(), "me")
    assert acting._apart(("for " * (many // 4)).split()) == []
    assert len(short_ids("A-1 " * (many // 4))) == many // 4
    assert time.process_time() - before < 30
