"""Messages on their way: names, parts, and what they disclose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.networks.port import Button
from bot.outgoing import Tokens, disclosed, outgoing, repeated, rows
from playbooks.cleared import Misdirected, echo
from playbooks.labels import Label, Tlp
from storage.effects import Send, Tap, Urgency
from storage.facts import DEPLOYMENT
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
