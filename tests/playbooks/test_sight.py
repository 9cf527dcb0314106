"""The rule of sight, sentence by sentence. What must hold whatever people write is in test_sight_properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from playbooks import selection, sight
from playbooks.labels import Label, Tlp
from playbooks.load import Book
from playbooks.sight import (
    Question,
    Room,
    Seen,
    Withheld,
    coordinator_sees,
    decide,
    label_of,
    may_read,
    view,
    visible_areas,
)
from playbooks.values import Moment, Place
from tests.playbooks.border import BOOK, BRUSSELS, NOON, border, room, said, so


def form(book: Book, field: str, where: Room, event: Any = None, circumstances: Any = None) -> str:
    """The form that is seen, or why nothing is."""
    answer = decide(book, circumstances or so(book), event or said(), where, field)
    return answer.form if isinstance(answer, Seen) else answer.why


# --- 1: declared, bound and active --------------------------------------------------------------------------------


def test_what_is_not_declared_is_seen_by_nobody() -> None:
    """A field that the playbook does not have, whatever the event carries."""
    assert form(BOOK, "gossip", room("city")) == "undeclared"


def test_who_takes_no_part_sees_nothing() -> None:
    """Neither a partner without a bound room here, nor somebody who is no partner at all."""
    assert form(BOOK, "action", room("city"), circumstances=so(active=frozenset({"fire"}))) == "inactive"
    assert form(BOOK, "action", room("strangers"), circumstances=so(active=frozenset({"strangers"}))) == "inactive"


# --- 2: clearance ---------------------------------------------------------------------------------------------------


def test_a_form_above_the_clearance_is_withheld_and_the_answer_says_what_is_needed() -> None:
    """Fire is cleared for amber+strict, and red is more."""
    book = border(("{permit: [secret], to: city,", "{permit: [secret], to: everyone,"))
    assert form(book, "secret", room("city")) == "exact"
    assert decide(book, so(book), said(), room("fire"), "secret") == Withheld(
        "clearance", book.line("partners", "fire", "clearance"), "red"
    )


def test_a_form_needs_each_of_its_compartments() -> None:
    """Without the medical compartment the number is withheld, and its range, which is in none, is seen."""
    medical = ("clearance: {tlp: amber, compartments: [medical]}", "clearance: {tlp: amber}")
    assert form(BOOK, "people", room("brandweer")) == "exact"
    assert form(border(medical), "people", room("brandweer")) == "range"
    only = border(medical, ("forms: {range: green}, ", ""))
    assert decide(only, so(only), said(), room("brandweer"), "people") == Withheld(
        "compartment", only.line("partners", "brandweer", "clearance"), "medical"
    )


def test_of_several_compartments_that_are_lacking_the_answer_names_the_first() -> None:
    """In the order of the alphabet, so that the same no always reads the same; each partner is told of its own line."""
    compartments = border(
        ("what: {type: text, tlp: green}", "what: {type: text, tlp: green, compartments: [sea, air]}")
    )
    for name in ("aid", "hilfe", "city"):
        line = compartments.line("partners", name, "clearance")
        answer = decide(compartments, so(compartments), said(), room(name, "telegram"), "what")
        assert answer == Withheld("compartment", line, "air")


def test_partners_that_the_rule_treats_alike_are_each_told_of_their_own_line() -> None:
    """What was answered to one is answered to the other, but for where its clearance stands; and only if it takes part."""
    twin = BOOK.source.decode().partition("  aid:\n")[2].partition("  hilfe:\n")[0].replace("-14", "-24")
    book = border(
        ("  hilfe:\n", f"  twin:\n{twin}  hilfe:\n"),
        ("where: {type: place, tlp: amber, forms: {area: green}}", "where: {type: place, tlp: amber}"),
        (
            "people: {type: number, tlp: amber, compartments: [medical], forms: {range: green}",
            "people: {type: number, tlp: green, compartments: [medical], forms: {range: red}",
        ),
    )
    question = Question(book, so(book), said())
    for name in ("aid", "twin", "aid"):
        line = book.line("partners", name, "clearance")
        view = question.view(room(name, "telegram"), ("where", "people", "action"))
        assert view.answers["where"] == Withheld("clearance", line, "amber")
        assert view.answers["people"] == Withheld("compartment", line, "medical")
        assert isinstance(view.answers["action"], Seen)
    question = Question(book, so(book, active=frozenset(book.playbook.partners) - {"aid"}), said())
    answers = [question.decide(room(name, "telegram"), "action") for name in ("aid", "twin", "aid", "twin")]
    assert [isinstance(answer, Seen) for answer in answers] == [False, True, False, True]


@pytest.mark.parametrize("forbid", ["{forbid: [what, people], to: watchers}", "{forbid: [people], to: watchers}"])
def test_partners_that_are_alike_but_for_their_ground_are_asked_each_for_itself(forbid: str) -> None:
    """A rule means them only where they are concerned, another, if there is one, whatever happens: each has its answer."""
    twin = BOOK.source.decode().partition("  aid:\n")[2].partition("  hilfe:\n")[0]
    twin = twin.replace("-14", "-24").replace("covers: [town]", "covers: [hill]")
    book = border(
        ("  hilfe:\n", f"  twin:\n{twin}  hilfe:\n"),
        ("{permit: [what], to: {jurisdiction: be}", "{permit: [what], to: {area: affected}"),
        ("{permit: [what, where, people]", "{permit: [where, people]"),
        ("{permit: [what], to: hilfe, purpose: life-safety", "{permit: [action], to: hilfe, purpose: life-safety"),
        ("{forbid: [people], to: {network: telegram}}", forbid),
    )
    question = Question(book, so(book), said())
    answers = [question.decide(room(name, "telegram"), "what") for name in ("aid", "twin", "aid", "twin")]
    assert [isinstance(answer, Seen) for answer in answers] == [True, False, True, False]


# --- 3: ceilings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "seen"),
    [
        (room("city"), "exact"),
        (room("city", encrypted=False), "ceiling"),
        (room("city", world_readable=True), "ceiling"),
        (room("city", open_join=True), "ceiling"),
        (room("city", "telegram"), "ceiling"),
    ],
)
def test_red_travels_only_over_rooms_that_are_encrypted_and_closed(where: Room, seen: str) -> None:
    """The encrypted ceiling holds while the room is encrypted, not world-readable, and not open to anyone."""
    assert form(BOOK, "secret", where) == seen


def test_a_ceiling_is_named_by_the_line_of_its_network() -> None:
    """With the colour that it would have to be."""
    line = BOOK.line("networks", "telegram")
    assert line > BOOK.line("networks")
    assert decide(BOOK, so(), said(), room("city", "telegram"), "secret") == Withheld("ceiling", line, "red")


def test_a_network_without_an_agreed_ceiling_carries_nothing() -> None:
    """Not even what is clear."""
    book = border(("  telegram: {ceiling: amber}\n", ""))
    assert form(book, "action", room("aid", "telegram")) == "ceiling"


def test_without_a_ceiling_of_its_own_encryption_lifts_nothing() -> None:
    """An encrypted room on a network with one ceiling has that one."""
    book = border((", encrypted: red}", "}"))
    assert form(book, "secret", room("city")) == "ceiling"
    assert form(book, "where", room("city")) == "exact"


# --- 4: permits -----------------------------------------------------------------------------------------------------


def test_what_no_rule_permits_is_withheld() -> None:
    """Default deny: nobody permits the red secret to fire."""
    book = border(("tlp: amber+strict", "tlp: red"))
    assert decide(book, so(book), said(), room("fire"), "secret") == Withheld("no-permit")


@pytest.mark.parametrize(
    ("when", "circumstances", "seen"),
    [
        ("phase: watch", {}, "no-permit"),
        ("phase: [watch, response]", {}, "exact"),
        ("hazard: dam", {"hazard": "flood"}, "no-permit"),
        ("hazard: dam", {"hazard": "dam"}, "exact"),
        ("hazard: dam", {}, "no-permit"),
        ("danger: false", {}, "exact"),
        ("danger: false", {"danger": True}, "no-permit"),
        ("phase: response, hazard: dam", {"hazard": "flood"}, "no-permit"),
    ],
)
def test_a_permit_applies_only_when_all_of_its_when_holds(when: str, circumstances: dict[str, Any], seen: str) -> None:
    """Phase, hazard and danger, each and together."""
    old = "{permit: [secret], to: city, purpose: life-safety}"
    book = border((old, old[:-1] + f", when: {{{when}}}}}"))
    assert form(book, "secret", room("city"), circumstances=so(book, **circumstances)) == seen


def test_as_permits_this_form_and_coarser_ones_and_no_finer_one() -> None:
    """An NGO learns the area, never the quay, though it were cleared for it; initials lead to the count below them."""
    book = border(('clearance: {tlp: green}\n    phone_24h: "+3213"', 'clearance: {tlp: red}\n    phone_24h: "+3213"'))
    assert form(book, "where", room("aid", "telegram")) == "area"
    book = border(
        ("under: home}", "under: home, as: initials}"),
        ("personal: true, forms: {count: green}", "personal: true, forms: {initials: red, count: green}"),
    )
    assert form(book, "victims", room("city")) == "initials"
    assert form(book, "victims", room("fire")) == "count"


def test_as_a_form_that_the_field_does_not_have_permits_nothing_of_it() -> None:
    """`as: area` says nothing of a text."""
    book = border(("{permit: [what], to: {jurisdiction: be}", "{permit: [what], as: area, to: {jurisdiction: be}"))
    assert form(book, "what", room("aid", "telegram")) == "no-permit"


def test_at_home_nothing_more_is_needed_and_across_a_border_an_agreement_is() -> None:
    """The Dutch fire service reads it under the pact, which the answer names with the rule's line."""
    answer = decide(BOOK, so(), said(), room("brandweer"), "what")
    assert answer == Seen(
        "exact", label_of(BOOK.playbook.fields["what"], "exact", said()), BOOK.line("sharing", 1), ("pact",)
    )
    assert decide(BOOK, so(), said(), room("fire"), "what").agreements == ()  # type: ignore[union-attr]


def test_a_permit_without_an_agreement_stops_at_the_border_and_says_which_one_is_lacking() -> None:
    """The answer names the rule that would have done, and the two countries."""
    book = border(("purpose: life-safety, under: pact}", "purpose: life-safety}"))
    assert decide(book, so(book), said(), room("brandweer"), "what") == Withheld(
        "agreement", book.line("sharing", 1), "be→nl"
    )


def test_what_is_clear_needs_no_agreement() -> None:
    """And once raised it is clear no more."""
    assert form(BOOK, "action", room("hilfe", "telegram")) == "exact"
    assert form(BOOK, "action", room("hilfe", "telegram"), said(raised="green")) == "agreement"


def test_what_is_clear_and_personal_needs_one() -> None:
    """A name is a person's, whatever its colour."""
    book = border(("action: {type: choice, tlp: clear,", "action: {type: choice, tlp: clear, personal: true,"))
    assert form(book, "action", room("hilfe", "telegram")) == "agreement"
    assert form(book, "action", room("city")) == "agreement"


@pytest.mark.parametrize(
    ("at", "seen"),
    [
        (datetime(2020, 12, 31, 23, 59, 59, tzinfo=BRUSSELS), "agreement"),
        (datetime(2021, 1, 1, tzinfo=BRUSSELS), "exact"),
        (datetime(2026, 6, 30, 23, 59, 59, tzinfo=BRUSSELS), "exact"),
        (datetime(2026, 7, 1, tzinfo=BRUSSELS), "agreement"),
        (datetime.fromisoformat("2026-06-30T22:00:00+00:00"), "agreement"),
        (datetime.fromisoformat("2020-12-31T23:00:00+00:00"), "exact"),
    ],
)
def test_an_agreement_holds_on_its_first_and_last_day_where_the_playbook_lives(at: datetime, seen: str) -> None:
    """Both dates are inclusive, and the day is that of Brussels, not of UTC."""
    assert form(BOOK, "what", room("brandweer"), circumstances=so(now=at)) == seen


def test_an_agreement_carries_only_for_its_purposes() -> None:
    """The pact is for saving lives, not for flood control."""
    book = border(("purpose: life-safety, under: pact}", "purpose: flood-control, under: pact}"))
    assert form(book, "what", room("brandweer")) == "agreement"


def test_the_agreement_must_be_that_permits_own() -> None:
    """An agreement that another rule names does not help this one."""
    book = border(("to: hilfe, purpose: life-safety, when: {danger: true}", "to: hilfe, purpose: flood-control"))
    assert form(book, "what", room("hilfe", "telegram")) == "agreement"


def test_an_agreement_of_three_joins_each_two_of_them_and_none_with_itself() -> None:
    """Germany learns what comes from Belgium and from the Netherlands; personal data at home is another matter."""
    under = ("to: hilfe, purpose: life-safety, when: {danger: true}", "to: hilfe, purpose: flood-control, under: three")
    book = border(under)
    for origin in ("city", "brandweer"):
        assert form(book, "what", room("hilfe", "telegram"), said(origin)) == "exact"
    book = border(("purpose: life-safety, under: home}", "purpose: flood-control, under: three}"))
    assert form(book, "victims", room("city")) == "agreement"


def test_personal_data_at_home_needs_an_agreement_of_the_country_with_itself() -> None:
    """Listed twice; without it even the count, which is a coarser form of a personal field, stays withheld."""
    assert decide(BOOK, so(), said(), room("city"), "victims").agreements == ("home",)  # type: ignore[union-attr]
    book = border(("between: [be, be]", "between: [be, de]"))
    assert form(book, "victims", room("city")) == "agreement"


def test_what_is_said_where_personal_data_may_be_is_as_personal_at_home() -> None:
    """Said in two channels at once, of which one is personal: nobody knows of which of them it speaks."""
    personal = replace(said(), held=Label(Tlp.CLEAR, frozenset(), personal=True))
    assert form(BOOK, "what", room("fire")) == "exact"
    assert form(BOOK, "what", room("fire"), personal) == "agreement"
    assert form(BOOK, "victims", room("city"), personal) == form(BOOK, "victims", room("city"))


def test_every_origin_must_be_allowed_by_the_same_permit() -> None:
    """What quotes a German is not covered by a pact of two, nor by one permit for each origin."""
    assert form(BOOK, "what", room("brandweer"), said("city", "de")) == "agreement"
    three = border(("purpose: life-safety, under: pact}", "purpose: flood-control, under: [pact, three]}"))
    assert form(three, "what", room("brandweer"), said("city", "de")) == "exact"
    apart = border(
        (
            "  - {forbid: [people]",
            "  - {permit: [what], to: brandweer, purpose: flood-control, under: three}\n  - {forbid: [people]",
        ),
        ("between: [be, nl, de]", "between: [nl, de]"),
    )
    assert form(apart, "what", room("brandweer"), said("city", "de")) == "agreement"


_PASSED_ON = ("purpose: life-safety, under: pact}", "purpose: flood-control, under: [pact, three]}")
_ONWARD = ("purposes: [flood-control]}", "purposes: [flood-control], onward: true}")
_TO_HILFE = (
    "to: hilfe, purpose: life-safety, when: {danger: true}, basis: vital interests",
    "to: hilfe, purpose: flood-control, under: three",
)


@pytest.mark.parametrize(
    ("changes", "origins", "through", "to", "seen"),
    [
        ((), ("be", "nl"), "nl", ("hilfe", "telegram"), "agreement"),  # came to the Dutch, who may not pass it on
        ((_ONWARD,), ("be", "nl"), "nl", ("hilfe", "telegram"), "exact"),  # who may
        ((), ("be", "nl"), None, ("hilfe", "telegram"), "exact"),  # each told the Germans itself
        ((), ("nl",), "nl", ("hilfe", "telegram"), "exact"),  # their own words
        ((), ("be", "nl"), "nl", ("brandweer", "matrix"), "exact"),  # stays with whom it came to
        ((), ("be", "nl"), "nl", ("city", "matrix"), "exact"),  # or goes back to where it came from
        ((_ONWARD,), ("be", "de"), "de", ("brandweer", "matrix"), "exact"),
        ((), ("be", "de"), "de", ("brandweer", "matrix"), "agreement"),
    ],
)
def test_what_came_under_an_agreement_that_ends_with_its_receiver_goes_to_no_third(
    changes: tuple[tuple[str, str], ...], origins: tuple[str, ...], through: str | None, to: tuple[str, str], seen: str
) -> None:
    """Who answers with it or passes it on may tell its own country and the one it comes from, and others where the agreement says so."""
    book = border(_PASSED_ON, _TO_HILFE, *changes)
    event = replace(said(), origins=frozenset(origins), through=through)
    assert form(book, "what", room(*to), event) == seen


def test_what_came_under_no_agreement_at_all_is_passed_on_to_no_third() -> None:
    """Belgium and the Netherlands have none for this purpose here: how the Dutch know it nobody can say, and nobody may pass it on."""
    book = border(_PASSED_ON, _TO_HILFE, _ONWARD, ("between: [be, nl, de]", "between: [be, de]"))
    event = replace(said(), origins=frozenset({"be"}), through="nl")
    assert form(book, "what", room("hilfe", "telegram"), event) == "agreement"
    assert form(book, "what", room("hilfe", "telegram"), replace(event, through=None)) == "exact"


@pytest.mark.parametrize(
    ("declared", "basis", "seen"),
    [
        (True, ", basis: vital interests", "exact"),
        (False, ", basis: vital interests", "no-permit"),
        (True, "", "agreement"),
    ],
)
def test_declared_danger_stands_for_an_agreement_where_the_rule_states_its_basis(
    declared: bool, basis: str, seen: str
) -> None:
    """Only while danger is declared, and only with a basis; the answer carries it."""
    book = border((", when: {danger: true}, basis: vital interests}", f", when: {{danger: true}}{basis}}}"))
    assert form(book, "what", room("hilfe", "telegram"), circumstances=so(book, danger=declared)) == seen


@pytest.mark.parametrize(
    ("to", "when", "line"),
    [
        ("city", "phase: watch", 6),
        ("city", "danger: true", 6),
        ("city", "hazard: dam", 6),
        ("fire", "phase: watch", 0),
        ("lead", "phase: watch", 0),
    ],
)
def test_where_a_permit_would_mean_them_in_other_circumstances_the_no_names_its_line(
    to: str, when: str, line: int
) -> None:
    """Only of a permit that means this partner; else no line is named."""
    old = "{permit: [secret], to: city, purpose: life-safety}"
    book = border((old, f"{{permit: [secret], to: {to}, purpose: life-safety, when: {{{when}}}}}"))
    answer = decide(book, so(book), said(), room("city"), "secret")
    assert answer == Withheld("no-permit", book.line("sharing", line) if line else 0)


def test_a_permit_that_holds_and_does_not_do_is_not_named_as_one_for_other_circumstances() -> None:
    """`as: area` holds now: it says nothing of the exact place, in no circumstances."""
    book = border(
        ('clearance: {tlp: green}\n    phone_24h: "+3213"', 'clearance: {tlp: amber}\n    phone_24h: "+3213"')
    )
    question = Question(book, so(book), said())
    assert question.decide_form(room("aid", "telegram"), "where", "exact") == Withheld("no-permit")


# --- 5: forbids -----------------------------------------------------------------------------------------------------


def test_a_forbid_beats_every_permit_wherever_it_stands() -> None:
    """The number of people never travels over Telegram, in no form; the answer names the forbid."""
    assert form(BOOK, "people", room("city")) == "exact"
    assert decide(BOOK, so(), said(), room("city", "telegram"), "people") == Withheld(
        "forbidden", BOOK.line("sharing", 7)
    )


def test_a_forbid_about_an_area_that_one_may_not_see_forbids() -> None:
    """Else hiding the place would show more; for those who see the area it depends on the area."""
    rule = ("{forbid: [people], to: {network: telegram}}", "{forbid: [what], to: {area: affected}}")
    book = border(rule)
    assert form(book, "what", room("aid", "telegram")) == "forbidden"
    assert form(book, "what", room("aid", "telegram"), said(fields={"where": Place("x", None, ("hill",))})) == "exact"
    hidden = border(rule, ("forms: {area: green}", "forms: {area: red}"))
    for areas in ((), ("town",), ("hill",)):
        assert (
            form(hidden, "what", room("aid", "telegram"), said(fields={"where": Place("x", None, areas)}))
            == "forbidden"
        )


# --- 6: rules that fail ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "failing"), [(sight, "_holds"), (sight.Question, "_agreements")])
def test_a_rule_that_fails_withholds(where: object, failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in it, and though other rules would permit; the answer names its line."""

    def fail(*_: object) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(where, failing, fail)
    answer = decide(BOOK, so(), said(), room("city"), "what")
    assert isinstance(answer, Withheld)
    assert (answer.why, answer.line, answer.detail) == ("rule-failed", BOOK.line("sharing", 1), "RuntimeError")


def test_a_selector_that_fails_withholds_even_when_it_fails_for_every_partner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the partners that it means are worked out beforehand."""

    def fail(*_: object) -> frozenset[str]:
        raise KeyError("no such area")

    book = border(("{forbid: [people], to: {network: telegram}}", "{forbid: [people], to: {area: hill}}"))
    monkeypatch.setattr(selection, "ground", fail)
    assert form(book, "people", room("city")) == "rule-failed"
    assert form(book, "what", room("city")) == "exact"


def test_a_rule_that_could_not_apply_does_no_harm_when_it_would_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """In another phase nobody asks it."""

    def fail(*_: object) -> frozenset[str]:
        raise KeyError("no such area")

    rule = "{forbid: [people], to: {area: hill}, when: {phase: watch}}"
    book = border(("{forbid: [people], to: {network: telegram}}", rule))
    monkeypatch.setattr(selection, "ground", fail)
    assert form(book, "people", room("city")) == "exact"


def test_an_agreement_that_a_book_names_and_does_not_have_carries_nothing() -> None:
    """A book that contradicts itself denies."""
    playbook = BOOK.playbook.model_copy(update={"agreements": {}})
    broken = Book(BOOK.file, BOOK.source, BOOK.digest, playbook, BOOK.marks, BOOK.values)
    assert form(broken, "what", room("brandweer")) == "agreement"


def test_a_rule_that_failed_is_told_though_a_finer_form_has_something_else_against_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the lead would not learn of it: the exact place is above the NGO's clearance, and for the area the rule fails."""

    def fail(*_: object) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(sight, "_holds", fail)
    answer = decide(BOOK, so(), said(), room("aid", "telegram"), "where")
    assert isinstance(answer, Withheld) and answer.why == "rule-failed"


# --- expiry, raised labels, forms, areas ----------------------------------------------------------------------------


def test_what_has_expired_is_shown_to_nobody_from_that_instant_on() -> None:
    """A second earlier it was seen; for ever after it is not."""
    event = said(expires=NOON)
    assert form(BOOK, "what", room("city"), event, so(now=NOON - timedelta(seconds=1))) == "exact"
    for later in (timedelta(0), timedelta(days=5000)):
        assert form(BOOK, "what", room("city"), event, so(now=NOON + later)) == "expired"


def test_a_raised_colour_holds_for_every_field_and_form_and_never_lowers_one() -> None:
    """Raised to red only the city's encrypted room reads on; raised to clear nothing changes."""
    assert form(BOOK, "what", room("city"), said(raised="red")) == "exact"
    assert form(BOOK, "where", room("fire"), said(raised="red")) == "clearance"
    assert form(BOOK, "where", room("aid", "telegram"), said(raised="amber")) == "clearance"
    assert form(BOOK, "secret", room("fire"), said(raised="clear")) == "clearance"


def test_everyone_gets_the_finest_form_that_they_may_see() -> None:
    """The quay for the city, the area for the NGO, and over Telegram, where amber may go, the quay too."""
    assert form(BOOK, "where", room("city")) == "exact"
    assert form(BOOK, "where", room("aid", "telegram")) == "area"
    green = border(("telegram: {ceiling: amber}", "telegram: {ceiling: green}"))
    assert form(green, "where", room("city", "telegram")) == "area"


def test_one_form_alone_can_be_asked_about() -> None:
    """Whatever is to be said of finer ones; a form that the field does not have has none to show."""
    question, aid = Question(BOOK, so(), said()), room("aid", "telegram")
    assert isinstance(question.decide_form(aid, "where", "area"), Seen)
    assert question.decide_form(aid, "where", "exact") == Withheld(
        "clearance", BOOK.line("partners", "aid", "clearance"), "amber"
    )
    assert question.decide_form(aid, "where", "day") == Withheld("no-form")
    assert question.decide_form(aid, "gossip", "exact") == Withheld("undeclared")


@pytest.mark.parametrize(
    ("forms", "seen"),
    [
        ("{initials: clear, count: red}", "withheld"),
        ("{initials: {tlp: clear, personal: false}, count: red}", "initials"),
        ("{count: clear}", "count"),
        ("{count: {tlp: clear, personal: true}}", "withheld"),
    ],
)
def test_initials_are_as_personal_as_the_name_and_a_count_is_not(forms: str, seen: str) -> None:
    """Unless the playbook says otherwise: what is clear and personal crosses no border without an agreement."""
    book = border(("forms: {count: green}", f"forms: {forms}"), ("[city, fire], purpose", "[city, hilfe], purpose"))
    answer = decide(book, so(book), said(), room("hilfe", "telegram"), "victims")
    assert (answer.form if isinstance(answer, Seen) else "withheld") == seen


def test_a_place_outside_every_area_has_no_area_to_show() -> None:
    """Who may see only the area sees nothing, exactly as where no place was stated."""
    aid = room("aid", "telegram")
    outside = said(fields={"where": Place("at sea")})
    absent = said(fields={"where": None})
    assert view(BOOK, so(), outside, aid, ("where",)).shape(BOOK, "where") is None
    assert view(BOOK, so(), outside, aid, ("where",)).answers == view(BOOK, so(), absent, aid, ("where",)).answers


def test_a_day_is_that_of_the_playbooks_time_zone() -> None:
    """Half past ten in the evening, UTC, on the thirty-first is the first in Brussels."""
    book = border(
        (
            "  secret: {type: text, tlp: red}",
            "  secret: {type: text, tlp: red}\n  peak: {type: time, tlp: red, forms: {day: green}}",
        ),
        ("{permit: [action], to: everyone", "{permit: [action, peak], to: everyone"),
    )
    event = said(fields={"peak": Moment(datetime.fromisoformat("2026-05-31T22:30:00+00:00"))})
    found = view(book, so(book), event, room("fire"), ("peak",)).shape(book, "peak")
    assert found is not None and found[0].form == "day" and str(found[1]) == "2026-06-01"


def test_affected_looks_at_the_area_only_for_those_who_may_see_it() -> None:
    """Those who may not get None, and a permit for the affected, or for those who are not, does not reach them."""
    assert visible_areas(BOOK, so(), said(), room("aid", "telegram")) == {"town"}
    assert visible_areas(BOOK, so(), said(), room("hilfe", "telegram")) is None
    for to in ("{area: affected}", "{not: {area: affected}}", "{area: affected, near: true}"):
        book = border(
            (
                "to: hilfe, purpose: life-safety, when: {danger: true}, basis: vital interests",
                f"to: {to}, purpose: flood-control, under: three",
            )
        )
        assert form(book, "what", room("hilfe", "telegram")) == "no-permit"
    assert visible_areas(BOOK, so(), replace(said(), place=None), room("hilfe", "telegram")) == frozenset()


def test_sight_is_per_room() -> None:
    """The same partner sees red where its room is encrypted, and not in its other room."""
    assert form(BOOK, "secret", room("city")) == "exact"
    assert form(BOOK, "secret", room("city", "telegram")) == "ceiling"


def test_who_has_an_alert_is_for_the_lead_by_nature_and_permitting_it_to_others_takes_it_from_nobody() -> None:
    """The built-in `_delivery`: the lead for the origin, and whoever the playbook adds."""
    assert form(BOOK, "_delivery", room("fire")) == "exact"
    assert form(BOOK, "_delivery", room("city")) == "no-permit"
    book = border(("{permit: [action], to: everyone", "{permit: [action, _delivery], to: city"))
    assert form(book, "_delivery", room("fire")) == "exact"
    assert form(book, "_delivery", room("city")) == "exact"


@pytest.mark.parametrize(
    ("networks", "label", "field", "seen"),
    [
        ("{ceiling: amber}", "", "_delivery", True),
        ("{ceiling: green}", "", "_delivery", False),
        ("{ceiling: red}", "", "_delivery", True),
        ("{ceiling: amber}", "  _delivery: {tlp: red}\n", "_delivery", False),
        ("{ceiling: amber}", "", "_note", False),
        ("{ceiling: amber}", "", "what", False),
        ("{ceiling: amber}", "", "gossip", False),
        (None, "", "_delivery", False),
    ],
)
def test_a_coordinator_sees_in_private_who_has_an_alert_as_far_as_the_network_carries_it(
    networks: str | None, label: str, field: str, seen: bool
) -> None:
    """And nothing else, and not over a network that the playbook does not know."""
    line = f"  telegram: {networks}\n" if networks else ""
    book = border(("  telegram: {ceiling: amber}\n", line), ("fields:\n  action", f"fields:\n{label}  action"))
    assert coordinator_sees(book, "telegram", field) is seen


def test_a_field_without_a_label_is_red() -> None:
    """What nobody thought about is held most closely."""
    book = border(("secret: {type: text, tlp: red}", "secret: {type: text}"))
    assert form(book, "secret", room("city")) == "exact"
    assert form(book, "secret", room("city", encrypted=False)) == "ceiling"


def test_a_rule_about_the_place_may_not_look_at_where_it_is() -> None:
    """Permitting `where` to the affected permits it to nobody: whoever may not see the area may not be selected by it."""
    book = border(("{permit: [where], as: area, to: {kind: ngo}", "{permit: [where], to: {area: affected}"))
    assert form(book, "where", room("watchers", "telegram")) == "no-permit"


# --- channels ---------------------------------------------------------------------------------------------------------

CHANNELS = border(
    (
        "alerts:\n  evacuation:",
        (
            "channels:\n"
            "  ops: {title: Ops, members: {kind: [fire, municipality]}, label: {tlp: amber}, purpose: life-safety, under: pact}\n"
            "  closed: {title: Closed, members: [city, brandweer], label: {tlp: amber}}\n"
            "alerts:\n  evacuation:"
        ),
    )
)


@pytest.mark.parametrize(
    ("channel", "partner", "network", "answer"),
    [
        ("#ops", "city", "matrix", "exact"),
        ("#ops", "brandweer", "matrix", "exact"),
        ("#ops", "aid", "telegram", "clearance"),
        ("#ops", "watchers", "telegram", "no-permit"),
        ("#closed", "city", "telegram", "exact"),
        ("#closed", "brandweer", "matrix", "agreement"),
        ("#none", "city", "matrix", "undeclared"),
    ],
)
def test_what_is_said_in_a_channel_is_a_field_that_membership_permits(
    channel: str, partner: str, network: str, answer: str
) -> None:
    """Its label must be within clearance and ceiling, and across a border its agreement must carry it."""
    assert form(CHANNELS, channel, room(partner, network)) == answer


# --- what the playbook itself says under a label --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "network", "encrypted", "tlp", "compartments", "personal", "may"),
    [
        ("fire", "matrix", True, "amber+strict", {"medical"}, False, True),
        ("fire", "matrix", True, "amber", set(), False, True),
        ("fire", "matrix", True, "red", set(), False, False),  # above the clearance, within the ceiling
        ("fire", "telegram", False, "amber+strict", set(), False, False),  # within the clearance, above the ceiling
        ("fire", "telegram", False, "amber", set(), False, True),
        ("fire", "matrix", True, "green", {"nuclear"}, False, False),
        ("fire", "matrix", True, "green", {"medical"}, True, False),  # about a person
        ("strangers", "matrix", True, "clear", set(), False, False),
    ],
)
def test_what_the_playbook_says_under_a_label_is_read_by_clearance_and_ceiling(
    who: str, network: Any, encrypted: bool, tlp: str, compartments: set[str], personal: bool, may: bool
) -> None:
    """Means and risks are no event's words: clearance, compartments and ceiling alone decide; what is personal is not read."""
    where = replace(room(who, network), encrypted=encrypted)
    assert may_read(BOOK, where, Label(Tlp.parse(tlp), frozenset(compartments), personal)) is may


def test_over_a_network_that_the_playbook_does_not_name_nothing_is_read() -> None:
    """Not even what is clear."""
    book = border(("  telegram: {ceiling: amber}\n", ""))
    assert not may_read(book, room("city", "telegram"), Label(Tlp.CLEAR))
    assert may_read(BOOK, room("city", "telegram"), Label(Tlp.CLEAR))
