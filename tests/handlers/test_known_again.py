"""What has no words is known again where it is passed on: its label and its origins go with it, and what nobody can know goes nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbooks.spoken import Contact, File, Poll, Spoken
from tests.handlers.border_stage import BRANDWEER, CITY, MAYOR
from tests.handlers.talk_stage import talking

TELEGRAM_FILE = '{"file_id": "one", "unique": "AQ1"}'
SAME_TELEGRAM_FILE = '{"file_id": "two", "unique": "AQ1"}'
SEALED = '{"mxc": "mxc://x/%s", "file": {"url": "mxc://x/%s", "hashes": {"sha256": "abc"}}}'


def with_words(spoken: Spoken, words: str) -> Spoken:
    """The same with words beside it."""
    return Spoken(words, spoken.file, spoken.point, poll=spoken.poll, contact=spoken.contact)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (
            Spoken("", File("telegram", TELEGRAM_FILE, "voice")),
            Spoken("", File("telegram", SAME_TELEGRAM_FILE, "voice")),
        ),
        (Spoken("", File("matrix", '{"mxc": "mxc://x/a"}')), Spoken("", File("matrix", '{"mxc": "mxc://x/a"}'))),
        (Spoken("", File("matrix", SEALED % ("a", "a"))), Spoken("", File("matrix", SEALED % ("b", "b")))),
        (Spoken("", File("telegram", TELEGRAM_FILE)), Spoken("Look", File("telegram", SAME_TELEGRAM_FILE))),
        (Spoken("", point=(1, 2)), Spoken("", point=(1, 2))),
        (Spoken("", contact=Contact("Ada", "1")), Spoken("", contact=Contact("Ada B", "1"))),
        (Spoken("", poll=Poll("Which?", ("a", "b"))), Spoken("", poll=Poll("Which?", ("a", "b", "c")))),
    ],
)
def test_what_has_no_words_is_forwarded_with_its_label_and_its_origins(first: Spoken, again: Spoken) -> None:
    """It is known again by itself, whoever passes it on and whether its author is known or not."""
    for forwarded in ("matrix:@mayor:x.org", "", "us"):
        stage = talking()
        stage.speak(CITY, "", MAYOR, spoken=with_words(first, "[amber+strict] this"))
        stage.speak(BRANDWEER, "", spoken=again, forwarded=forwarded)
        assert (stage.last().raised, stage.last().onward, stage.fact().never) == ("amber+strict", ("be",), None)


def test_the_same_file_is_passed_on_also_where_nobody_says_so() -> None:
    """Matrix has no forwarding and people on Telegram can hide theirs; a sticker is anybody's."""
    stage = talking()
    for kind, raised in (("photo", "amber+strict"), ("sticker", None)):
        file = File("telegram", TELEGRAM_FILE, kind)  # type: ignore[arg-type]
        stage.speak(CITY, "", MAYOR, spoken=Spoken("[amber+strict] x", file))
        stage.speak(BRANDWEER, "", spoken=Spoken("", replace(file, where=SAME_TELEGRAM_FILE)))
        assert stage.last().raised == raised


def test_a_file_is_known_again_after_an_edit_gave_it_a_label() -> None:
    """Its label is what it was given last, and the log does not say where the file is to be had."""
    stage = talking()
    file = File("telegram", TELEGRAM_FILE, "photo")
    stage.speak(CITY, "", MAYOR, spoken=Spoken("the dam", file))
    first = stage.last()
    assert "AQ1" not in str(stage.fact().content) and len(stage.fact().content["file"]["known_as"]) == 32
    stage.all_become(first.id)
    stage.befalls("edited", first, identity=MAYOR, spoken=Spoken("[amber+strict] the dam", file))
    stage.speak(BRANDWEER, "", spoken=Spoken("", replace(file, where=SAME_TELEGRAM_FILE)), forwarded="")
    assert stage.last().raised == "amber+strict"


@pytest.mark.parametrize(
    "spoken",
    [
        Spoken("", File("telegram", TELEGRAM_FILE, "voice")),
        Spoken("", File("matrix", "no JSON", "photo")),
        Spoken("", point=(1, 2)),
        Spoken("", contact=Contact("Ada", "1")),
    ],
)
def test_without_words_and_by_nobody_knows_whom_it_is_carried_nowhere(spoken: Spoken) -> None:
    """It may be anything that was said closely; what has words, and what is by somebody with an account of their own, is carried."""
    stage = talking()
    assert not stage.speak(CITY, "", MAYOR, spoken=spoken, forwarded="")
    assert stage.fact().never == "unknown-origin"
    assert stage.speak(CITY, "", MAYOR, spoken=with_words(spoken, "Look"), forwarded="")
    assert stage.speak(CITY, "", MAYOR, spoken=spoken, forwarded="telegram:77")
