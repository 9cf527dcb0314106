"""The gate: what may be said is made from the playbook, from what sight allows, from figures and times, and from nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks import cleared
from playbooks.cleared import (
    Cleared,
    Misdirected,
    NotInPlaybook,
    Reader,
    clauses,
    clock,
    code,
    echo,
    figure,
    glue,
    listed,
    name,
    phone,
    quote,
    secret,
    short_id,
    strong,
    value,
    word,
    wording,
)  # fmt: skip
from playbooks.labels import Tlp
from playbooks.rooms import RoomRef
from playbooks.sight import view
from playbooks.values import Place, Text
from tests.playbooks.border import BOOK, NOON, border, room, said, so

HERE, THERE = RoomRef("telegram", "-1"), RoomRef("telegram", "-2")
INSIDER = Reader(HERE, "fire", True, ("fr",))
STRANGER = Reader(HERE, None, False, ("fr",))
ALERT = BOOK.playbook.alerts["evacuation"]
NASTY = "</b>{action}{tlp}<a href='x'>&amp;%s{0}"


def shown(partner: str, network: str = "matrix", **fields: object) -> Cleared | None:
    """The clauses of the evacuation as a partner's room is shown them."""
    event = said(fields={**said().fields, **fields})
    seen = view(BOOK, so(), event, room(partner, network), ALERT.fields)
    return clauses(BOOK, seen, ALERT.text, ("en",), tuple(ALERT.fields))


def test_a_clause_that_needs_a_field_its_reader_lacks_is_left_out_whole() -> None:
    """No gap, no "hidden": the NGO reads three clauses of six."""
    text = shown("aid", "telegram")
    assert text is not None and text.text == "Leave now.\nArea: Town.\nThe quay is under water"


def test_an_optional_field_that_is_withheld_reads_like_one_that_is_absent() -> None:
    """The same text, label and record, whether the city wrote of people or not."""
    assert shown("aid", "telegram") == shown("aid", "telegram", people=None, secret=None, victims=None)


def test_a_text_without_a_clause_left_is_none() -> None:
    """It is never sent hollow."""
    assert shown("aid", "telegram", action=None, what=None, where=Place("at sea")) is None


def test_a_text_carries_the_join_of_what_it_shows_and_records_every_field() -> None:
    """The log learns what was shown, in which form and by which rule, and what was withheld and why."""
    text = shown("brandweer")
    assert text is not None and text.only == room("brandweer").ref
    assert (text.label.tlp, text.label.compartments, text.label.origins) == (Tlp.AMBER, {"medical"}, {"be"})
    assert set(text.shows) == set(ALERT.fields)
    assert text.shows["people"] == {
        "form": "exact", "value": 12, "rule": BOOK.line("sharing", 1), "agreements": ["pact"], "basis": None,
    }  # fmt: skip
    assert text.shows["secret"]["withheld"] == "clearance"


def test_the_fallback_language_says_which_one_it_is() -> None:
    """A clause of the playbook's own words in another language is marked; what people wrote is not."""
    seen = view(BOOK, so(), said(), room("aid", "telegram"), ALERT.fields)
    text = clauses(BOOK, seen, ALERT.text, ("nl",), tuple(ALERT.fields))
    assert text is not None
    assert text.text == "Leave now.\n[en] Area: Town.\nThe quay is under water"
    assert quote(BOOK, Reader(HERE, "fire", True, ("nl",)), ALERT.title).text == "[en] Evacuate"
    assert quote(BOOK, INSIDER, ALERT.title).text == "Évacuez"


@pytest.mark.parametrize("words", [NASTY, "{what}", "{", "}", "<script>", "&", "a\x00\u202eb", "\ud800", "…"])
def test_what_people_type_is_text_and_never_markup_or_a_placeholder(words: str) -> None:
    """In an alert, in an echo, put into wordings one inside the other: it reads as typed and is escaped."""
    text = shown("fire", what=Text(words))
    assert text is not None
    assert cleared.legible(words) in text.text
    assert "<" not in text.html.replace("&lt;", "")
    said_back = wording("<b>{typed}</b> and {tlp}", typed=wording("[{words}]", words=echo(words, HERE)))
    assert said_back.text == f"[{cleared.legible(words)}] and TLP:CLEAR"
    text.html.encode()


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_typed_words_come_through_a_wording_whole(words: str) -> None:
    """On one line; no character that people type changes what stands around it."""
    text = wording("{a}<i>|</i>{b}", a=echo(words, HERE), b=echo(words, HERE))
    once = cleared.one_line(cleared.legible(words))
    assert text.text == f"{once}|{once}"
    assert text.html.count("<") == 2


def test_a_wording_needs_each_of_its_parts_and_takes_figures() -> None:
    """A part that is not given is an error, not a blank."""
    assert wording("{count} of {all}", count=3, all=figure(7)).text == "3 of 7"
    with pytest.raises(KeyError):
        wording("{gone}")


def test_the_colour_of_a_wording_is_that_of_its_parts() -> None:
    """`{tlp}` is the join of what is put in."""
    seen = view(BOOK, so(), said(), room("fire"), ("what", "where"))
    parts = {field: value(BOOK, seen, field, ("en",)) for field in ("what", "where")}
    assert all(parts.values())
    assert wording("{tlp} {what}", what=parts["what"] or figure(0)).text.startswith("TLP:GREEN")
    assert wording("{tlp} {what}{where}", **{k: v or figure(0) for k, v in parts.items()}).text.startswith("TLP:AMBER ")


@pytest.mark.parametrize("maker", [echo, secret])
def test_what_is_bound_to_a_room_stays_bound_and_joins_nothing_of_another(maker: object) -> None:
    """Through bold, code, glue and wordings; two rooms' words are never one text."""
    bound = maker("words", HERE)  # type: ignore[operator]
    for text in (bound, strong(bound), code(bound), glue([figure(1), bound]), wording("x {y}", y=bound)):
        assert text.only == HERE
    with pytest.raises(Misdirected):
        glue([bound, echo("others", THERE)])
    with pytest.raises(Misdirected):
        wording("{a}{b}", a=bound, b=secret("others", THERE))
    seen = view(BOOK, so(), said(), room("fire"), ("what",))
    with pytest.raises(Misdirected):
        glue([bound, value(BOOK, seen, "what", ("en",)) or figure(0)])


@pytest.mark.parametrize(
    "text", ["The dam will break", "city, gossip", "evacuation!", "Évacuez tout", {"en": "The dam will break"}]
)
def test_only_what_the_playbook_says_can_be_quoted(text: object) -> None:
    """Neither a string nor a text by language that does not stand in it."""
    with pytest.raises(NotInPlaybook):
        quote(BOOK, INSIDER, text)  # type: ignore[arg-type]


def test_what_the_playbook_says_is_quoted_to_its_own_people_escaped() -> None:
    """A title, a basis, a list of its words; strangers are told nothing."""
    assert quote(BOOK, INSIDER, "Law of rescue").text == "Law of rescue"
    assert quote(BOOK, INSIDER, "what, where").text == "what, where"
    assert quote(BOOK, INSIDER, "be→nl").text == "be→nl"
    assert quote(BOOK, INSIDER, "City & Sons <town hall>").html == "City &amp; Sons &lt;town hall&gt;"
    assert quote(BOOK, STRANGER, "Law of rescue").text == quote(BOOK, STRANGER, ALERT.title).text == ""
    assert quote(BOOK, INSIDER, None).text == ""


def test_an_unlisted_partner_is_named_to_nobody_but_its_own_people() -> None:
    """Neither its name nor its number; and a stranger learns no partner's."""
    own = Reader(HERE, "watchers", True, ("en",))
    assert (name(BOOK, INSIDER, "watchers").text, phone(BOOK, INSIDER, "watchers").text) == ("…", "")
    assert name(BOOK, own, "watchers").text == "Silent watchers"
    assert phone(BOOK, own, "watchers").text.endswith("+3299")
    assert name(BOOK, INSIDER, "city").html == "City &amp; Sons &lt;town hall&gt;"
    assert phone(BOOK, INSIDER, "city").text.endswith("+3210")
    assert (name(BOOK, STRANGER, "city").text, phone(BOOK, STRANGER, "city").text) == ("…", "")
    assert [listed(BOOK, r, "watchers") for r in (INSIDER, own, STRANGER)] == [False, True, False]
    assert name(BOOK, INSIDER, "nobody").text == "…"


def test_a_reason_is_its_own_partners_to_read_and_an_auditors_of_everything() -> None:
    """Whoever is neither reads an ellipsis; it is one line, escaped, and may go nowhere else."""
    auditor = Reader(THERE, None, True, ("fr",), auditor=True)
    assert cleared.testimony(INSIDER, "fire", "why\n<b>").html == "why &lt;b&gt;"
    assert (
        cleared.testimony(INSIDER, "fire", "why").only == HERE and cleared.testimony(auditor, None, "why").text == "why"
    )
    for reader, whose in ((INSIDER, "aid"), (INSIDER, None), (STRANGER, "fire"), (STRANGER, None)):
        assert cleared.testimony(reader, whose, "why").text == "…"


def test_only_short_ids_and_the_programs_words_are_said_freely() -> None:
    """Anything else is an error where it is made."""
    assert (short_id("A-17").text, word("liaison").text, word("TLP:RED").text) == ("A-17", "liaison", "TLP:RED")
    for maker, words in ((short_id, "A-17 gossip"), (short_id, "a-1"), (word, "gossip")):
        with pytest.raises(ValueError):
            maker(words)
    with pytest.raises(ValueError):
        glue([figure(1), figure(2)], " and ")


def test_a_time_is_that_of_the_playbooks_clocks() -> None:
    """Twelve in Brussels; without a playbook, in UTC."""
    assert clock(BOOK, NOON).text == "12:00"


def test_a_value_that_ends_as_its_clause_goes_on_does_not_say_it_twice() -> None:
    """`{action}.` with an option that ends in a full stop has one."""
    book = border(("en: Leave now,", "en: Leave now.,"))
    seen = view(book, so(book), said(), room("aid", "telegram"), ("action",))
    text = clauses(book, seen, book.playbook.alerts["evacuation"].text, ("en",), ("action",))
    assert text is not None and text.text == "Leave now."
