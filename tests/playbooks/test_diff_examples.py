"""What a change of a playbook comes to in words: one change each, and what must not be overlooked in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from playbooks.diff import diff
from playbooks.diff_changes import Difference
from playbooks.diff_words import closing, leading, opening, otherwise, remarks, summary
from playbooks.load import parse
from tests.playbooks.border import BORDER

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def compared(*changes: tuple[str, str], old: str = BORDER) -> Difference:
    """The border's playbook with each of these passages, which must stand in it once, replaced."""
    new = old
    for before, after in changes:
        assert new.count(before) == 1, before
        new = new.replace(before, after)
    return diff(parse(old.encode(), "old.yaml"), parse(new.encode(), "new.yaml"), NOW)


def said(found: Difference) -> list[str]:
    """Every sentence but those about entries of the file."""
    return [
        *(f"opens {one}" for one in opening(found)),
        *(f"closes {one}" for one in closing(found)),
        *(f"leads {one}" for one in leading(found)),
    ]


PHASES = "phases: [watch, response]"
FORBID = "  - {forbid: [people], to: {network: telegram}}\n"
AT_HOME = "for words from their own jurisdiction"


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        pytest.param(
            [(FORBID, "")],
            [
                (
                    "opens city and fire see people in evacuation, affected and count on telegram, "
                    f"{AT_HOME} (was withheld): permit, new.yaml:100; before: forbid, old.yaml:106"
                ),
                (
                    "opens city and fire see people in evacuation, affected and count on telegram, "
                    "for words from nl, until 2026-06-30 (was withheld): permit, new.yaml:100; before: forbid, old.yaml:106"
                ),
            ],
            id="a forbid that is gone",
        ),
        pytest.param(
            [("when: {danger: true}, basis: vital interests}", "when: {danger: true, phase: watch}, basis: law}")],
            [
                (
                    "closes hilfe no longer sees what in every alert, in response, only while danger is declared: no permit; "
                    "before: permit, old.yaml:103"
                ),
                "closes hilfe no longer receives talk, in response, only while danger is declared (held back now)",
            ],
            id="a permit for one phase less",
        ),
        pytest.param(
            [("{permit: [where], as: area, to: {kind: ngo}", "{permit: [where], to: {kind: ngo}")],
            [],
            id="a finer form that no clearance reaches",
        ),
        pytest.param(
            [("{permit: [victims], to: [city, fire]", "{permit: [victims], as: count, to: [city, fire]")],
            [
                (
                    f"closes city and fire see victims only as a count in evacuation, {AT_HOME} (was in full): "
                    "permit, new.yaml:104; before: permit, old.yaml:104"
                )
            ],
            id="a coarser form",
        ),
        pytest.param(
            [("    listed: false\n", "")],
            ["opens watchers is listed: every partner may know of it (was not listed)"],
            id="listed",
        ),
        pytest.param(
            [("    covers: [town]\n    clearance: {tlp: red", "    covers: [town, hill]\n    clearance: {tlp: red")],
            [
                "opens city receives affected, for words from its own jurisdiction, for places in hill (was not meant)",
                "opens city receives affected, for words from nl, for places in hill, until 2026-06-30 (was not meant)",
                "opens city may issue evacuation for hill: new.yaml:111",
                "opens city may issue affected for hill: new.yaml:123",
            ],
            id="more ground",
        ),
        pytest.param(
            [("by: [city, fire, aid]", "by: [city, aid, watchers]")],
            [
                "opens watchers may issue talk: new.yaml:141",
                "closes fire may no longer issue talk: old.yaml:141",
            ],
            id="another prerogative",
        ),
        pytest.param(
            [("activate: {by: {kind: municipality}}", "activate: {by: {kind: [municipality, ngo]}}")],
            ["opens aid and hilfe may start an incident: new.yaml:23"],
            id="who may activate",
        ),
        pytest.param(
            [("danger: {by: lead, ", "danger: {by: [lead, city], ")],
            ["opens city may declare danger: new.yaml:18"],
            id="who may declare danger",
        ),
        pytest.param(
            [("{by: {competence: rescue}, basis: Law of rescue", "{by: [fire, aid], basis: Law of rescue")],
            [
                "opens aid may issue evacuation, only while danger is declared: new.yaml:112",
                "closes brandweer may no longer issue evacuation, only while danger is declared: old.yaml:112",
            ],
            id="who may act in danger",
        ),
        pytest.param(
            [("lead: fire, deputies: [city]", "lead: fire, deputies: [aid]")],
            ["leads operational in be: deputies aid (were city): new.yaml:88"],
            id="deputies",
        ),
        pytest.param(
            [("from: 2021-01-01, until: 2026-06-30", "from: 2020-01-01, until: 2026-06-30")], [], id="what is over"
        ),
        pytest.param([('phone_24h: "+3213"', 'phone_24h: "+3214"')], [], id="a phone"),
    ],
)
def test_a_change_is_told_in_as_many_sentences_as_it_has_effects(
    changes: list[tuple[str, str]], sentences: list[str]
) -> None:
    """One small change opens, closes and hands over exactly this, and the entry that was changed is named besides."""
    found = compared(*changes)
    assert said(found) == sentences
    assert list(otherwise(found))


def test_a_rule_that_names_every_phase_does_not_hold_in_a_new_one() -> None:
    """A forbid for each phase there was leaves open the phase that is added, and that opens: in no phase was it seen before."""
    forbid = "  - {forbid: [what], to: everyone, when: {phase: [watch, response]}}\n"
    old = BORDER.replace(FORBID, FORBID + forbid)
    opens = list(opening(compared((PHASES, "phases: [watch, response, recovery]"), old=old)))
    assert any(one.startswith("city and fire see what in every alert, in recovery, ") for one in opens)
    assert all(", in recovery" in one for one in opens)


def test_a_new_phase_is_held_against_the_phase_in_which_least_was_seen() -> None:
    """What was seen in one phase of two opens in a third that is added; what was seen in none of them does too."""
    watch = "  - {permit: [what], to: hilfe, purpose: flood-control, under: three, when: {phase: watch}}\n"
    old = BORDER.replace(FORBID, FORBID + watch)
    found = compared(
        (PHASES, "phases: [watch, response, recovery]"), ("{phase: watch}}", "{phase: [watch, recovery]}}"), old=old
    )
    assert next(opening(found)).startswith("hilfe sees what in every alert, in recovery, while no danger is declared")


def test_places_are_told_as_they_lie_to_each_partner() -> None:
    """An alert that no longer goes to those near the place closes for places near a partner's ground, and for those alone."""
    found = compared(("    to: {area: affected, near: true}", "    to: {area: affected}"))
    near = "for places near their ground (not meant any more)"
    assert said(found)[0] == f"closes city, fire, brandweer and aid no longer receive affected, {AT_HOME}, {near}"
    assert all(", for places near " in one for one in said(found))


def test_a_new_phase_in_which_no_more_is_seen_opens_nothing() -> None:
    """A phase in which everyone sees and may do what they did in each of the others opens nothing; who leads in it is told."""
    found = compared((PHASES, "phases: [watch, response, recovery]"))
    assert not found.opens
    assert [one for one in leading(found) if "in recovery: city (was nobody)" in one]


def test_danger_that_can_be_declared_for_the_first_time_opens_what_was_written_for_it() -> None:
    """A permit for declared danger shows nothing as long as nobody can declare it, and opens when somebody can."""
    danger = "danger: {by: lead, lasts: 2h, tell: [city]}\n"
    found = compared(("activate:", f"{danger}activate:"), old=BORDER.replace(danger, ""))
    sentences = list(opening(found))
    assert any(one.startswith("hilfe sees what in every alert, only while danger is declared") for one in sentences)
    assert any(one.startswith("fire and brandweer may declare danger") for one in sentences)


def test_what_a_clearance_opens_for_raised_labels_alone_is_told() -> None:
    """Cleared higher, a partner sees no more of what is labelled as it is, but more of what a speaker holds more closely."""
    found = compared(
        ('clearance: {tlp: green}\n    phone_24h: "+4914"', 'clearance: {tlp: amber}\n    phone_24h: "+4914"')
    )
    *sentences, entry = opening(found)
    assert all(", when the speaker raises it to amber (was " in one for one in sentences)
    assert entry == "partners.hilfe.clearance.tlp: green → amber (new.yaml:72)"
    assert sentences[0] == (
        "hilfe sees action in evacuation, for words from its own jurisdiction, when the speaker raises it to amber "
        "(was withheld): permit, new.yaml:99; before: clearance, old.yaml:72"
    )


def test_finer_ranges_open() -> None:
    """Ranges with more limits say more than they did, in the same form; with fewer, less."""
    old = (
        BORDER.replace("{permit: [people]", "")
        .replace(
            "  - {forbid: [people]",
            "  - {permit: [people], as: range, to: hilfe, purpose: flood-control, under: three}\n  - {forbid: [people]",
        )
        .replace("[{telegram: -15}]", '[{matrix: "#hilfe:x.org"}]')
    )
    finer = compared(("ranges: [1, 10, 50]", "ranges: [1, 5, 10, 50]"), old=old)
    assert [one.partition(" in ")[2][:11] for one in opening(finer)] == ["finer range"] and not finer.closes
    other = compared(("ranges: [1, 10, 50]", "ranges: [1, 20]"), old=old)
    assert len(list(opening(other))) == len(list(closing(other))) == 1


AFFECTED = BORDER.replace("[what], to: {jurisdiction: be}", "[what], to: {area: affected, jurisdiction: be}")
"""Who is told what happens is decided by where it is, for those who may see that."""


def test_who_no_longer_sees_where_it_is_no_longer_sees_what_that_decides() -> None:
    """Without its permit for the area, a partner is not among those affected as far as it may know, and sees less of the rest."""
    found = compared(
        ("{permit: [where], as: area, to: {kind: ngo}", "{permit: [where], as: area, to: hilfe"), old=AFFECTED
    )
    assert [
        one for one in closing(found) if one.startswith("aid no longer sees what in evacuation and affected, ")
    ] == [
        (
            "aid no longer sees what in evacuation and affected, for words from its own jurisdiction, for places on its ground: "
            "no permit; before: permit, old.yaml:101"
        )
    ]


def test_a_forbid_that_looks_at_a_hidden_place_holds_as_long_as_it_is_hidden() -> None:
    """Where a partner may not see where it is, what is forbidden to those affected is forbidden to it, and opens with the forbid gone."""
    rules = """\
  - {permit: [what], to: watchers, purpose: life-safety}
  - {forbid: [what], to: {area: affected}, when: {danger: true}}
"""
    old = BORDER.replace(FORBID, FORBID + rules)
    found = compared(
        ("{area: affected}, when: {danger: true}}", "{area: affected, kind: ngo}, when: {danger: true}}"), old=old
    )
    assert (
        "watchers sees what in evacuation and affected, only while danger is declared, for words from its own jurisdiction "
        "(was withheld): permit, new.yaml:101; before: forbid, old.yaml:108"
    ) in list(opening(found))


def test_a_required_place_that_is_shown_as_an_area_does_not_arrive_from_outside_every_area() -> None:
    """Where the place must be there, who sees only its area gets nothing from where there is no area, and all from elsewhere."""
    found = compared(("where: optional, people: optional, victims", "where: required, people: optional, victims"))
    outside = "closes aid and hilfe no longer receive evacuation, for places outside every area (held back now)"
    assert outside in said(found)


def test_an_alert_to_the_lead_goes_to_whoever_leads_in_that_phase() -> None:
    """Who leads first and who leads then stay the same two, and only since when is otherwise: the alert of that phase moves."""
    rules = "  - {in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city]}\n  - {tier: operational, lead: brandweer}\n"
    old = BORDER.replace(rules, "  - {in: [watch, response], lead: fire}\n  - {lead: city}\n").replace(
        PHASES, "phases: [watch, response, recovery]"
    )
    old = old.replace("    to: everyone\n    confirm: yes", "    to: lead\n    confirm: yes")
    sentences = said(compared(("  - {in: [watch, response], lead: fire}", "  - {in: [watch], lead: fire}"), old=old))
    assert "opens city receives evacuation, in response (was not meant)" in sentences
    assert "closes fire no longer receives evacuation, in response (not meant any more)" in sentences


def test_a_partner_that_joins_opens_what_it_sees_and_its_words_nothing() -> None:
    """A new partner counts as seen to by all that it may see; that others see its words as they see those of its country is nothing."""
    entry = """\
  polder:
    name: Polder
    kind: utility
    level: local
    jurisdiction: nl
    clearance: {tlp: green}
    rooms: [{telegram: -20}]
phases:"""
    found = compared(("phases:", entry))
    assert said(found) == [
        "opens polder sees action in evacuation (new as a partner): permit, new.yaml:106",
        "opens polder receives evacuation (new as a partner)",
    ]


def test_a_partner_under_another_name_is_the_same_partner() -> None:
    """Renamed in its entry and wherever it is named, with all else the same, a partner sees and may do what it did."""
    new = BORDER.replace("hilfe", "drk")
    found = diff(parse(BORDER.encode(), "old.yaml"), parse(new.encode(), "new.yaml"), NOW)
    assert said(found) == []
    assert "partners.drk: hilfe → drk (new.yaml:67)" in list(otherwise(found))
    other = diff(parse(BORDER.encode(), "old.yaml"), parse(new.replace("-15", "-16").encode(), "new.yaml"), NOW)
    assert any("(new as a partner)" in one for one in opening(other))
    assert any("(no longer a partner)" in one for one in closing(other))


def test_a_new_alert_and_a_new_field_of_an_alert_open() -> None:
    """What was not asked before is seen by nobody before: in an alert that is new, and in one that has another field."""
    alert = """\
  drill:
    title: Drill
    cap: {category: Safety, event: Flood, urgency: Future, severity: Minor, certainty: Likely}
    fields: {action: required}
    text: ["{action}"]
    to: lead
  talk:"""
    found = list(opening(compared(("  talk:", alert))))
    assert found[0] == "all 6 partners see action in drill (a new alert): permit, new.yaml:99"
    assert "fire and brandweer may issue drill (a new alert): new.yaml:138" in found
    found = list(
        opening(
            compared(
                (
                    "    fields: {people: required, what: optional}",
                    "    fields: {people: required, what: optional, action: optional}",
                )
            )
        )
    )
    assert found == ["all 6 partners see action in count (not a field of it before): permit, new.yaml:99"]


def test_who_joins_a_channel_opens() -> None:
    """Another member of a channel sees what is said in it; a partner without a room for it does not."""
    old = BORDER + "channels:\n  ops: {title: Ops, members: city, label: {tlp: green}}\n"
    old = old.replace("{telegram: -12}", "{telegram: -12, for: [alerts, ops]}")
    found = compared(("members: city", "members: [city, fire, aid]"), old=old)
    [sentence] = said(found)
    assert sentence.startswith(
        "opens fire sees what is said in #ops, for words from its own jurisdiction (was withheld): members, new"
    )


def test_the_files_themselves_are_remarked_on() -> None:
    """The same bytes, the same meaning in other bytes, the same version, a lower one, and another playbook: each is told."""
    assert list(remarks(compared())) == ["The two files are the same, byte for byte."]
    spelled = compared(("version: 1", "version: 2 # agreed"))
    assert list(remarks(spelled)) == [] and [str(one) for one in otherwise(spelled)] == ["version: 1 → 2 (new.yaml:2)"]
    comment = list(remarks(compared(("version: 1", "version: 1 # agreed"))))
    assert comment[0] == "Both call themselves version 1; give the new one version 2."
    assert comment[1].startswith("Nothing in them is otherwise but comments")
    lower = compared(("version: 2", "version: 1"), old=BORDER.replace("version: 1", "version: 2"))
    assert list(remarks(lower)) == ["The new one is version 1, and the old one 2; are they the right way round?"]
    other = compared(("playbook: border", "playbook: other"))
    assert list(remarks(other)) == ["These are two playbooks, border and other. They are compared all the same."]


def test_entries_are_named_with_what_they_were_and_are() -> None:
    """What people must know besides is told entry by entry, with its line: rooms, steps, expiry, confirmation."""
    found = compared(
        ("expires: 12h", "expires: 6h"),
        ("    confirm: yes\n", "    confirm: {two-person: {alone_after: 2m}}\n"),
        ("ack: {choices: [acting, seen, cannot]}", "ack: {choices: [acting, seen, cannot], within: 5m, then: [{after: 3m, do: remind}]}"),
        ("title: {en: How many, fr: Combien}", "title: {en: How many?, fr: Combien}"),
        ("rooms: [{telegram: -19}]", "rooms: [{telegram: -29}]"),
    )  # fmt: skip
    assert list(otherwise(found)) == [
        "partners.watchers.rooms: gone: {telegram: -19} (old.yaml:85)",
        "alerts.evacuation.confirm: yes → two-person (alone after 2m) (new.yaml:117)",
        "alerts.evacuation.expires: 12h → 6h (new.yaml:118)",
        "alerts.evacuation.ack.within: new: 5m (new.yaml:119)",
        "alerts.evacuation.ack.then: new: {after: 3m, do: remind} (new.yaml:119)",
        "alerts.count.title.en: How many → How many? (new.yaml:130)",
    ]
    assert said(found) == ["opens partners.watchers.rooms: new: {telegram: -29} (new.yaml:85)"]
    assert summary(found) == "1 opens, nothing closes, the same lead, 6 entries of the file are otherwise."


def test_very_many_partners_are_counted() -> None:
    """A sentence about very many gives their number and the first names, and the value behind it all of them."""
    more = "".join(
        f"  p{n}: {{name: P{n}, kind: media, level: local, jurisdiction: be, clearance: {{tlp: green}}, rooms: [{{telegram: -{n}}}]}}\n"
        for n in range(100, 112)
    )
    old = BORDER.replace("phases:", f"{more}phases:")
    found = compared(
        ("{permit: [secret]", "{permit: [where], as: area, to: {kind: media}, purpose: x}\n  - {permit: [secret]"),
        old=old,
    )
    first = next(opening(found))
    assert first.startswith("12 partners (p100, p101, p102 and 9 more) see where as an area in evacuation and affected")
    change = found.opens[0]
    assert len(change.partners) == 12
