"""Which rows leave together, and which never do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.merging import LATE, LONGEST_TALK, MOST_OLD_TALK, MOST_TALK, album, late, merged, messages, too_much
from bot.outgoing import rows
from storage.effects import Send, Tap
from storage.store import OutboxRow
from tests.bot.carrying import photo, speech
from tests.bot.floor import START, room, words


def whole(html: str) -> list[str]:
    return [html]


def fifty(html: str) -> list[str]:
    return [html[at : at + 50] for at in range(0, len(html), 50)]


def written(*sends: Send) -> list[OutboxRow]:
    return [row for n, send in enumerate(sends) for row in rows(send, f"t{n}", whole, 0, must_encrypt=False)]


def count(found: Sequence[OutboxRow]) -> int:
    return len(merged(found, START, whole))


def test_what_stands_for_itself_ends_a_message() -> None:
    """Files, buttons, answers, edits, repetitions, another topic or incident: none stands under another's words."""
    first = speech("one")
    tap = Tap(words("x"), "/x", "x")
    assert count(written(first, speech("two", "S-2"))) == 2
    for other in (
        speech("two", file=photo()),
        speech("two", answers="S-1"),
        speech("two", thread="S-1"),
        speech("two", to=room(3)),
        replace(speech("two"), taps=((tap,),)),
        replace(speech("two"), again=1),
        replace(speech("two"), stream="I-2"),
        replace(speech("two"), mark=words("EXERCISE")),
        replace(speech("two"), loud=True),
        replace(speech("two"), carries=None),
    ):
        assert count(written(first, other)) == 1
        assert count(written(other, first)) in (1, 2)
    assert count(written(speech("yes", answers="S-1"), first)) == 2
    assert count(written(speech("one", "S-3", thread="S-1"), first)) == 1
    assert count(written(*(speech("one", f"S-{number}", thread="S-2") for number in (3, 4, 5)))) == 3


def test_only_as_much_as_fits_goes_together() -> None:
    """One that is too long alone goes alone; nobody is cut for the sake of another."""
    some = written(*(speech("x" * 15, f"S-{number}") for number in range(9)))
    assert len(merged(some, START, fifty)) == 2
    assert len(merged(written(speech("x" * 90), speech("y")), START, fifty)) == 1


def test_too_much_is_known_by_when_it_was_said() -> None:
    """More than ten of more than an hour ago, or more than sixty that are late; where several go to a message, more than sixty messages."""

    def so_many(count: int, ago: timedelta, *, held_back: bool = False, words: str = '"said_at":1') -> bool:
        some = written(*(speech(words, f"S-{number}") for number in range(count)))
        return too_much(some, START + ago, held_back=held_back)

    old, tardy, second = LONGEST_TALK * 1.01, LATE * 1.01, timedelta(seconds=1)
    assert so_many(MOST_OLD_TALK + 1, old) and not so_many(MOST_OLD_TALK, old)
    assert so_many(MOST_TALK + 1, tardy) and not so_many(MOST_TALK, tardy) and not so_many(MOST_TALK * 5, second)
    assert not so_many(MOST_TALK + 1, tardy, held_back=True)
    assert so_many(MOST_TALK + 1, second, held_back=True, words="x" * 3900)


def test_albums_are_of_one_sending_and_one_kind_and_ten_at_most() -> None:
    """The first may have words; another's words or a file of another kind begin a message of their own."""
    one, two = speech("look", file=photo(1, album="a")), speech("", file=photo(2, album="a"))
    assert len(album(written(one, two))) == 2
    assert len(album(written(one, *[two] * 20))) == 10
    for other in (
        speech("", file=photo(2)),
        speech("", file=photo(2, album="b")),
        speech("mine", file=photo(2, album="a")),
        speech("", file=photo(2, album="a"), who="Bo"),
        speech("", file=replace(photo(2, album="a"), kind="voice")),
        speech("no file"),
    ):
        assert len(album(written(one, other, two))) == 1


def test_talk_is_counted_as_it_would_leave() -> None:
    """Many short things are few messages; long ones and files are one each."""
    assert messages(written(*[speech("short")] * 200)) < 3
    assert messages(written(*[speech("x" * 3000)] * 10)) == 10
    assert messages(written(*[speech("", file=photo())] * 10)) == 10
    threads = [speech("short", f"S-{number}", thread=f"S-{number % 2}") for number in range(20)]
    assert messages(written(*threads)) == 20 and messages(written(*threads[::2])) == 1
    assert messages(written(*[speech("", file=photo())] * 1000)) == MOST_TALK + 1


def test_late_is_more_than_a_minute() -> None:
    """A minute is what a busy network takes; more changes what the words mean."""
    said = {"said_at": int(START.timestamp())}
    assert not late(said, START + LATE) and late(said, START + LATE + timedelta(seconds=1))
