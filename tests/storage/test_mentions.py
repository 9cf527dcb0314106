"""How a person is found in what others wrote."""

from __future__ import annotations

import time

import pytest

from playbooks.rooms import RoomRef
from storage.facts import Fact, IdentityJoined, NoteAdded, PersonEnrolled
from storage.mentions import Mentions
from tests.storage.small import ROOM

ACCOUNTS = ("telegram:501", "matrix:@ada:x.org")
CHATS = (RoomRef("telegram", "501"), RoomRef("matrix", "!private:x.org"))


def ada(*names: str) -> Mentions:
    """How Ada can be named."""
    return Mentions(ACCOUNTS, CHATS, names or ("Ada Lovelace",))


def found(mentions: Mentions, fact: Fact) -> str:
    """``certain``, ``doubtful``, or nothing."""
    return "certain" if mentions.certain(fact) else "doubtful" if mentions.doubtful(fact) else ""


def note(text: str) -> NoteAdded:
    """Something that somebody else wrote."""
    return NoteAdded("P-2", "fire", ROOM, text)


@pytest.mark.parametrize(
    "text",
    [
        "Lovelace, Ada was seen", "LOVELACE ADA", "Ada-Lovelace", "Ada B. Lovelace", "Adá Lovelace", "A\u0301da LOVELACE", "*Ada* Lovelace",
        "Ada_Lovelace", "Ada\u200bLovelace", "A\u200bda Lovelace", "A\u00addaLove\u2060lace", "Ada\nLovelace", "Ada\u00a0Lovelace",
        "<b>Ada</b> <i>Lovelace</i>", "AdaLovelace", "\uff21da Lovelace's car", "https://x.org/Ada%20Lovelace", "Ada%2520Lovelace",
    ],
)  # fmt: skip
def test_a_name_of_several_words_is_certain_in_any_order_and_spelling(text: str) -> None:
    """Accents, case, signs, invisible characters and up to two words between change nothing."""
    assert found(ada(), note(f"we saw {text} there")) == "certain"


@pytest.mark.parametrize(
    "text", ["Mme Lovelace", "A. Lovelace", "Ada was there", "LOVELACE?", "Ada or Bo or Cy or Lovelace"]
)
def test_one_word_of_a_longer_name_is_doubtful(text: str) -> None:
    """It may be somebody else, or another word; so is all of it too far apart."""
    assert found(ada(), note(text)) == "doubtful"


@pytest.mark.parametrize(
    "text", ["Augustan", "Byrony", "501", "telegram:5012", "@ada:x.org.uk", "tg://user?id=5012", "nobody"]
)
def test_what_only_begins_like_it_is_somebody_else(text: str) -> None:
    """A longer word, number or address is not theirs."""
    assert found(ada("Augusta Byron"), note(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "tg://user?id=501", "tg:user?id=501", "<a href='tg://user?id=501'>her</a>", "tg://openmessage?user_id=501&message_id=7", "telegram:501",
        "https://matrix.to/#/@ada:x.org", "https://matrix.to/#/%40ada%3Ax.org", "https://matrix.to/#/%2540ada%253ax.org", "matrix:u/ada:x.org",
        "@ada\u200b:x.org", "(@ADA:x.org.)", "https://matrix.to/#/!private:x.org?via=x.org", "matrix:roomid/private:x.org",
    ],
)  # fmt: skip
def test_an_account_is_found_in_each_form_of_its_address(text: str) -> None:
    """Of both networks, with percent signs or without; a private chat, too."""
    assert found(ada("A"), note(f"ask {text}")) == "certain"


def test_words_that_stand_in_every_text_are_not_listed() -> None:
    """The particles and the short words of a name say nothing of anybody by themselves; with the rest they are certain."""
    jan = ada("Jan van der Bo", "Li Na")
    assert found(jan, note("het huis van der bo na het en lo li")) == ""
    assert found(jan, note("Bo, Jan van der")) == "certain"
    assert found(jan, note("Na, Li")) == "certain"
    assert found(jan, note("Lina")) == "doubtful"


def test_whoever_shares_one_word_of_a_name_is_not_listed_for_it() -> None:
    """Of who is who, another Ada is another person; a note that says Ada may mean either."""
    for fact in (
        PersonEnrolled("P-3", "Ada Byron", "fire", "responder", "telegram:503", "V-3"),
        IdentityJoined("P-3", "matrix:@byron:x.org", "Ada Byron", "V-3"),
    ):
        assert found(ada(), fact) == ""


def test_a_name_without_letters_is_found() -> None:
    """Of one sign alone it is them; among other words it is doubtful."""
    assert found(ada("🦊"), note("🦊; Bo")) == "certain"
    assert found(ada("🦊"), note("a 🦊 in the yard")) == "doubtful"


@pytest.mark.parametrize(
    "text",
    ["a" * 8000, " " * 8000, "\u0315\u0316" * 4000, "a\u0315\u0316" * 2700, "%25" * 2700, "tg://user?" * 800, "ada " * 2000, "\u200b" * 8000],
)  # fmt: skip
def test_a_long_text_of_anything_costs_little(text: str) -> None:
    """One word, one run of spaces, of marks or of invisible characters, or a name over and over: ten times as long costs about ten times as much, never a hundred."""
    mentions = ada("Ada Lovelace", "Ada", " ".join("abcdefghij"))
    began = time.process_time()
    mentions.certain(note(text * 10))
    assert time.process_time() - began < 2
