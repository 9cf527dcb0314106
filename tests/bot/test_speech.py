"""How carried speech looks, alone, late, cut, and several in one message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.networks import markup
from bot.speech import Line, cut, plain, shown
from playbooks.cleared import Attached
from playbooks.spoken import Poll
from storage.effects import Carried
from tests.bot.carrying import photo
from tests.bot.floor import START, words

HEAD = "<b>Ada</b>"


def carried(text: str, *, file: bool = False) -> Carried:
    goes_with = Attached(photo()) if file else None
    return Carried(words(HEAD), words(text), START, words("09:00"), goes_with, words("[no photo]") if file else None)


def short(html: str) -> list[str]:
    return markup.split(html, 200)


def test_each_speaker_is_named_once_in_turn() -> None:
    """The mark stands over everything, a speaker over what they say, an empty line between speakers, the time in front of who is late."""
    lines = [
        Line("A", "1", mark="EXERCISE"),
        Line("A", "2", mark="EXERCISE"),
        Line("B", "3", "09:00", mark="EXERCISE"),
        Line("A", "", mark="EXERCISE"),
    ]
    assert shown(lines) == "EXERCISE\nA\n1\n2\n\n<i>09:00</i> B\n3\n\nA"


def test_later_parts_say_who_speaks_on() -> None:
    """What is too long is cut, and nobody has to look up whose words the rest are."""
    lines = cut("", carried("word " * 100), short, 1024)
    assert [line.head for line in lines] == [HEAD, *[f"{HEAD} …"] * (len(lines) - 1)] and len(lines) > 2


def test_words_too_long_to_stand_under_a_file_follow_it() -> None:
    """A file keeps words that fit under it, and else goes first with the speaker's name."""
    assert [line.words for line in cut("", carried("short", file=True), short, 20)] == ["short"]
    first, second = cut("", carried("no longer short", file=True), short, 15)
    assert (first.words, second.words, second.head) == ("", "no longer short", f"{HEAD} …")


def test_the_name_of_a_place_stands_on_it() -> None:
    """What a place is called goes with it in one message; many words beside one, and words beside a poll, follow."""
    place, poll = Attached(point=(1, 2)), Attached(poll=Poll("Where?", ("Here", "There")))
    for text, goes_with, parts in (("Hut\nQuay 4", place, 1), ("word " * 50, place, 2), ("Hut", poll, 2)):
        said = Carried(words(HEAD), words(text), START, words("09:00"), goes_with)
        lines = cut("", said, lambda html: [html], 1024)
        assert len(lines) == parts and lines[-1].words == text


@given(st.text(st.sampled_from("ab \n.<&é🌊"), min_size=1, max_size=2000))
def test_cutting_loses_no_word_and_leaves_room_for_everything_that_may_stand_there(text: str) -> None:
    """Every part fits with the mark and the time; what lies between parts is white space only."""
    escaped = markup.escape(text)
    lines = cut("EXERCISE", carried(escaped), short, 1024)
    for line in lines:
        late = Line(line.head, line.words, "09:00", line.mark)
        assert len(short(shown([late]))) == 1
    assert "".join("".join(plain(line.words) for line in lines).split()) == "".join(text.split())


def test_a_cut_inside_a_word_stays_one() -> None:
    """What has no white space to cut at is put together again by leaving out the names: nothing is added between."""
    long = "x" * 1000
    assert "".join(line.words for line in cut("", carried(long), short, 1024)) == long


def test_a_network_without_room_still_gets_every_word() -> None:
    """However short its messages are, cutting comes to an end and loses nothing."""
    lines = cut("", carried("abcdef"), lambda html: [html[at : at + 3] for at in range(0, len(html), 3)], 1024)
    assert "".join(line.words for line in lines) == "abcdef"
