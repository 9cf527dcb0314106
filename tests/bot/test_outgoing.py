"""Messages on their way: names, parts, and what they disclose."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.networks.port import Button
from bot.outgoing import Tokens, amended, disclosed, outgoing, reaction, repeated, rows
from playbooks.cleared import Attached, Misdirected, echo
from playbooks.labels import Label, Tlp
from playbooks.spoken import Poll
from storage.effects import React, Send, Tap, Urgency
from storage.facts import DEPLOYMENT
from storage.notes import Checkpoint
from tests.bot.carrying import photo, speech
from tests.bot.floor import message, room, words


def whole(html: str) -> list[str]:
    return [html]


def test_names_come_from_the_seed_and_never_meet() -> None:
    """The same seed gives the same names in the same order, another seed others, and a repetition its own."""
    one, two, other = Tokens(b"a"), Tokens(b"a"), Tokens(b"b")
    first = [one.next() for _ in range(100)]
    assert first == [two.next() for _ in range(100)]
    assert len({*first, one.repeat, *(other.next() for _ in range(100)), other.repeat}) == 202
    assert all(len(name) == 24 for name in first)


def test_what_is_written_is_what_the_network_is_handed() -> None:
    """A row's payload gives back the message: markup, plain text, buttons, and whether it rings."""
    send = replace(message(room(1), "<b>1 &lt; 2</b>", taps=[("/ack A-1", "👍")]), loud=True, replaces="77")
    [row] = rows(send, "t", whole, 3, must_encrypt=True)
    out = outgoing(row)
    assert (out.kind, out.replaces, out.html, out.text) == ("edit", "77", "<b>1 &lt; 2</b>", "1 < 2")
    assert out.buttons == ((Button("/Ack A-1", "/ack A-1", "👍"),),)
    assert out.loud and out.must_encrypt and not out.notice
    assert outgoing(rows(replace(send, urgency=Urgency.CHATTER), "t", whole, 3, must_encrypt=False)[0]).notice


def test_only_a_post_of_the_log_is_handed_over_as_one() -> None:
    """A network can tell our own checkpoint, also when it is repeated, from other chatter and from what people said, even where that was marked so."""
    post = replace(message(room(1), "Log of I-1"), checkpoint=Checkpoint("test/I-1", 1, bytes(32)))
    [row] = rows(post, "t", whole, 0, must_encrypt=False)
    assert outgoing(row).checkpoint
    assert all(outgoing(one).checkpoint for one in repeated(row, words("!!"), "r", whole))
    assert not outgoing(rows(replace(post, checkpoint=None), "t", whole, 0, must_encrypt=False)[0]).checkpoint
    carried = replace(speech("hé"), checkpoint=post.checkpoint)
    assert not any(outgoing(one).checkpoint for one in rows(carried, "t", whole, 0, must_encrypt=False))


def test_words_and_buttons_go_only_where_they_were_cleared_for() -> None:
    """A text bound to a room cannot be sent elsewhere, in the body or on a button."""
    bound = echo("typed", room(1))
    assert rows(Send(DEPLOYMENT, room(1), bound, Urgency.ANSWER), "t", whole, 0, must_encrypt=False)
    tap = Tap(bound, "/x", "x")
    for send in (
        Send(DEPLOYMENT, room(2), bound, Urgency.ANSWER),
        Send(DEPLOYMENT, room(2), words("x"), Urgency.ANSWER, taps=((tap,),)),
    ):
        with pytest.raises(Misdirected):
            rows(send, "t", whole, 0, must_encrypt=False)


def test_a_disclosure_has_what_the_buttons_show_and_the_highest_label() -> None:
    """Fields on buttons are disclosed like those in the body, under the join of their labels."""
    label = Label(Tlp.AMBER, frozenset({"medical"}))
    tap = Tap(replace(words("x", where={"form": "area"}), label=label), "/x", "x")
    send = replace(message(room(1), "x", what={"form": "full"}), taps=((tap,),))
    fact = disclosed(send, "t", 5)
    assert fact.label == "TLP:AMBER medical" and fact.epoch == 5
    assert fact.fields == {"what": {"form": "full"}, "where": {"form": "area"}}
    assert rows(send, "t", whole, 5, must_encrypt=False)[0].shows


def test_a_repetition_that_grew_too_long_is_cut_again() -> None:
    """The line on top may push a message over the network's limit: then it has parts, with the buttons on the last."""
    [row] = rows(message(room(1), "abcd", taps=[("/x", "x")]), "t", whole, 0, must_encrypt=False)
    again = repeated(row, words("!!"), "r", lambda html: [html[:4], html[4:]])
    assert [(one.token, one.send, one.part, one.again) for one in again] == [("r", "r", 0, 1), ("r-2", "r", 1, 1)]
    assert [outgoing(one).text for one in again] == ["!!\na", "bcd"]
    assert [bool(outgoing(one).buttons) for one in again] == [False, True]


def cut(html: str) -> list[str]:
    return [html[at : at + 60] for at in range(0, len(html), 60)]


def test_what_is_carried_has_everything_that_the_courier_needs() -> None:
    """A file, a place or a poll goes with the first part; it is somebody's words, not the bot's chatter."""
    send = speech("look", file=photo(), answers="S-7")
    [row] = rows(send, "t", whole, 0, must_encrypt=False)
    out, said = outgoing(row), json.loads(row.payload)
    assert (out.kind, out.html, out.notice, row.kind) == ("message", "<b>Ada</b>\nlook", False, "message")
    assert said["file"]["name"] == "1.jpg" and (said["instead"], said["answers"]) == ("[no 1.jpg]", "S-7")
    assert send.carries is not None
    poll = Attached(point=(1, 2), poll=Poll("Who?", ("a", "b")))
    [row] = rows(replace(send, carries=replace(send.carries, attached=poll)), "t", whole, 0, must_encrypt=False)[:1]
    assert (outgoing(row).point, outgoing(row).poll) == ((1, 2), Poll("Who?", ("a", "b")))


def test_each_part_calls_whom_its_words_call_first() -> None:
    """Everybody once; whose name was cut in two is called with the first."""
    send = speech("x" * 60 + " @Ada " + "y" * 60 + " @Bo")
    assert send.carries is not None
    mentions = (("matrix:@bo:x", "Bo"), ("matrix:@ada:x", "Ada"), ("matrix:@al:x", "Al"))
    send = replace(send, carries=replace(send.carries, mentions=mentions))
    parts = [outgoing(row) for row in rows(send, "t", cut, 0, must_encrypt=False)]
    assert {one for part in parts for one in part.mentions} == set(mentions)
    assert sum(len(part.mentions) for part in parts) == 3 and mentions[2] in parts[0].mentions
    for account, name in mentions[:2]:
        assert [f"@{name}" in part.text for part in parts] == [(account, name) in part.mentions for part in parts]


def test_nothing_that_is_carried_goes_where_it_was_not_cleared_for() -> None:
    """Neither words nor a name nor a file that is bound to another room."""
    send = speech("look", file=photo())
    carried = send.carries
    assert carried is not None and carried.attached is not None
    for wrong in (
        replace(carried, words=echo("x", room(9))),
        replace(carried, head=echo("x", room(9))),
        replace(carried, instead=echo("x", room(9))),
        replace(carried, attached=replace(carried.attached, only=room(9))),
    ):
        with pytest.raises(Misdirected):
            rows(replace(send, carries=wrong), "t", whole, 0, must_encrypt=False)


def test_a_changed_message_changes_part_by_part() -> None:
    """Each part that stands is edited, new ones follow the first, and what is too much is removed; no two rows have the same name."""
    long, short = speech("x" * 40 + "y" * 40 + "z" * 40), speech("x")
    before = rows(long, "a", cut, 0, must_encrypt=False)
    fewer = amended(short, before, "b", cut, 0, must_encrypt=False)
    assert [row.kind for row in fewer] == ["edit", *["delete"] * (len(before) - 1)]
    assert [row.amends for row in fewer] == [row.token for row in before]
    more = amended(long, before[:1], "c", cut, 0, must_encrypt=False)
    assert [row.kind for row in more] == ["edit", *["message"] * (len(before) - 1)]
    assert {json.loads(row.payload)["follows"] for row in more[1:]} == {before[0].token}
    assert len({row.token for row in [*before, *fewer, *more]}) == len(before) + len(fewer) + len(more)
    assert [row.kind for row in amended(short, [], "d", cut, 0, must_encrypt=False)] == ["message"]


def test_only_another_file_is_named_anew() -> None:
    """An edited caption leaves the file as it stands, wherever its network says it is to be had now."""
    before = rows(speech("a", file=photo()), "a", whole, 0, must_encrypt=False)
    for file, anew in ((replace(photo(), where="elsewhere"), False), (photo(2), True)):
        [row] = amended(speech("b", file=file), before, "b", whole, 0, must_encrypt=False)
        assert bool(json.loads(row.payload).get("anew")) is anew


def test_a_sign_is_the_least_urgent_of_all() -> None:
    """A reaction that somebody gave is as urgent as talk; taken away, it names no emoji to the network."""
    sign = reaction(React(DEPLOYMENT, "S-1", room(1), "👌", sign=True), "t")
    gone = reaction(React(DEPLOYMENT, "S-1", room(1), "👍", gone=True), "t")
    assert (sign.urgency, gone.urgency, sign.about) == (Urgency.SIGN, Urgency.CHATTER, "S-1")
    assert (outgoing(sign).emoji, outgoing(gone).emoji, outgoing(gone).kind) == ("👌", None, "react")


def test_carried_speech_that_is_repeated_says_so_over_its_speaker() -> None:
    """The line on top stays there whatever the message is put together of."""
    [row] = rows(speech("word"), "t", whole, 0, must_encrypt=False)
    [again] = repeated(row, words("again?"), "r", whole)
    said = json.loads(again.payload)
    assert outgoing(again).text == "again?\nAda\nword" and (said["mark"], said["words"]) == ("again?", "word")
