"""The models: what the shorter spellings mean, what stands where nothing was written, and what a form's label is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from playbooks.labels import Label, Tlp
from playbooks.schema import (
    BUILT_IN,
    Confirm,
    Cron,
    Deputies,
    Everyone,
    FieldSpec,
    Forbid,
    Lead,
    Matching,
    One,
    Permit,
    Selector,
    clause_fields,
    text_in,
)
from playbooks.schema_json import json_schema
from tests.playbooks.small import SMALL, changed, errors, read


def selector(text: str) -> Selector:
    """What this spelling of a selector means."""
    return read(changed("    to: everyone\n", f"    to: {text}\n")).playbook.alerts["evacuation"].to


def test_every_spelling_of_a_selector_becomes_its_terms() -> None:
    """A word, a list and a mapping are read alike, single values stand for lists, and `not` nests."""
    assert selector("everyone") == Selector((Everyone(),))
    assert selector("[lead, deputies, city]") == Selector((Lead(), Deputies(), One("city")))
    (term,) = selector("{kind: fire, area: affected, near: true, not: {level: [local, regional]}}").terms
    assert isinstance(term, Matching)
    assert term.kind == ("fire",)
    assert term.area == ("affected",)
    assert term.near
    assert term.jurisdiction is None
    assert term.not_ == Selector((Matching(level=("local", "regional")),))


def test_a_selector_knows_whether_it_uses_the_event() -> None:
    """`affected` does, anywhere in it, also under `not`; a named area does not."""
    assert selector("[city, {area: [town, affected]}]").uses_event
    assert selector("{kind: fire, not: {area: affected}}").uses_event
    assert not selector("{area: town}").uses_event


def test_a_competence_that_no_partner_has_is_no_error() -> None:
    """Competences and purposes are free words; whether a selector can match anyone is another question."""
    assert selector("{competence: diving}") == Selector((Matching(competence=("diving",)),))


def test_rooms_say_their_network_their_id_and_what_they_are_for() -> None:
    """Aliases, room ids, chat ids and topics are read; without `for` a room takes alerts and check-ins."""
    rooms = (
        '[{matrix: "#a:example.org"}, {matrix: "!b:example.org:8448"}, {telegram: -1001, topic: 4, for: alerts},'
        " {telegram: 501, exercises: true}]"
    )
    alias, room_id, topic, private = (
        read(changed('[{matrix: "#city:example.org"}]', rooms)).playbook.partners["city"].rooms
    )
    assert (alias.network, alias.id, alias.for_) == ("matrix", "#a:example.org", ("alerts", "checkins"))
    assert room_id.id == "!b:example.org:8448"
    assert (topic.network, topic.id, topic.topic, topic.for_) == ("telegram", "-1001", "4", ("alerts",))
    assert str(topic.ref) == "telegram:-1001/4"
    assert (private.id, private.exercises) == ("501", True)


@pytest.mark.parametrize(
    ("rooms", "said"),
    [
        ("{}", "this room is on no network"),
        ('{matrix: "#a:b", telegram: -1}', "this room is on two networks"),
        ('{matrix: "#a:b", topic: 1}', "only Telegram chats have topics"),
        ("{telegram: 0}", "is not a Telegram chat"),
        ("{telegram: -1, topic: 0}", "is not a topic"),
        ("{telegram: -1, topic: all}", "is not a topic"),
        ("{telegram: -1, for: [ops]}", "there is no channel, `alerts` or `checkins` `ops`"),
    ],
)
def test_a_room_that_nobody_can_reach_is_refused(rooms: str, said: str) -> None:
    """A room is on one network, with an address that the network could have."""
    assert any(said in line for line in errors(changed('{matrix: "#city:example.org"}', rooms)))


def test_the_label_of_a_form() -> None:
    """A bare word is a TLP level without compartments and not personal, but initials are as personal as the field."""
    spec = FieldSpec.model_validate(
        {
            "type": "person",
            "tlp": "red",
            "compartments": ["medical"],
            "personal": True,
            "forms": {"initials": "amber", "count": {"tlp": "green", "compartments": "medical"}},
        }
    )
    assert spec.label_of("exact") == Label(Tlp.RED, frozenset({"medical"}), True)
    assert spec.label_of("initials") == Label(Tlp.AMBER, frozenset(), True)
    assert spec.label_of("count") == Label(Tlp.GREEN, frozenset({"medical"}), False)


def test_a_form_without_an_entry_has_the_field_s_label() -> None:
    """What nobody relabelled stays as closely held as the field."""
    spec = FieldSpec.model_validate({"type": "place", "tlp": "amber", "compartments": ["medical"]})
    assert spec.label_of("area") == spec.label_of("exact") == Label(Tlp.AMBER, frozenset({"medical"}))


def test_a_field_without_a_label_is_red() -> None:
    """Forgetting the label opens nothing, and can be seen."""
    spec = FieldSpec.model_validate({"type": "text"})
    assert spec.label_of("exact").tlp is Tlp.RED
    assert not spec.labelled


def test_built_in_fields_are_there_and_may_be_relabelled() -> None:
    """Eight texts exist in every playbook; a playbook changes their label without repeating their type."""
    playbook = read(SMALL).playbook
    levels = {name: spec.tlp for name, spec in BUILT_IN.items()}
    amber = dict.fromkeys(("_note", "_decision", "_report", "_delivery", "_presence"), Tlp.AMBER)
    assert levels == {"_title": Tlp.GREEN, "_speaker": Tlp.GREEN, "_answer": Tlp.GREEN, **amber}
    assert playbook.field("_note") == BUILT_IN["_note"]
    assert playbook.field("what") == playbook.fields["what"]
    assert playbook.field("nothing") is None
    added = "fields:\n  _note: {tlp: red}\n  _title: {personal: true}\n"
    changed_playbook = read(changed("fields:\n", added).replace("[what, where]", "[what, where, _note]")).playbook
    note, title = changed_playbook.field("_note"), changed_playbook.field("_title")
    assert note is not None
    assert title is not None
    assert (note.tlp, title.tlp, title.personal) == (Tlp.RED, Tlp.GREEN, True)


def test_sharing_holds_permits_and_forbids() -> None:
    """Each rule is one or the other, and single values stand for lists."""
    added = "\n  - {forbid: what, to: {network: matrix}, when: {phase: watch, danger: true}}\n"
    permit, forbid = read(SMALL.replace("under: pact}\n", "under: pact}" + added)).playbook.sharing
    assert isinstance(permit, Permit)
    assert (permit.permit, permit.under, permit.as_) == (("what", "where"), ("pact",), None)
    assert isinstance(forbid, Forbid)
    assert forbid.when is not None
    assert (forbid.forbid, forbid.when.phase, forbid.when.danger) == (("what",), ("watch",), True)


def test_an_agreement_holds_between_its_parties_on_its_days() -> None:
    """Both dates belong to it; a country shares with itself only where it is named twice."""
    playbook = read(SMALL).playbook
    pact = playbook.agreements["pact"]
    assert not pact.onward
    assert pact.in_force(date(2021, 1, 1))
    assert pact.in_force(date(2027, 12, 31))
    assert not pact.in_force(date(2020, 12, 31))
    assert not pact.in_force(date(2028, 1, 1))
    assert pact.joins("nl", "be")
    assert not pact.joins("be", "be")
    home = read(changed("between: [be, nl]", "between: [be, be]")).playbook.agreements["pact"]
    assert home.joins("be", "be")
    assert not home.joins("be", "nl")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("yes", Confirm("yes")),
        ("no", Confirm("no")),
        ("two-person", Confirm("two-person")),
        ("{two-person: {alone_after: 2m}}", Confirm("two-person", timedelta(minutes=2))),
    ],
)
def test_every_spelling_of_confirm(text: str, meaning: Confirm) -> None:
    """`yes` and `no` are words, not booleans; without `confirm` it is `yes`."""
    alert = read(changed("    to: everyone\n", f"    to: everyone\n    confirm: {text}\n")).playbook.alerts[
        "evacuation"
    ]
    assert alert.confirm == meaning
    assert read(SMALL).playbook.alerts["evacuation"].confirm == Confirm("yes")


def test_an_alert_that_says_nothing_of_acknowledgement_asks_each_partner_whether_it_has_seen_it() -> None:
    """The defaults are those of the language, and what rings is what is immediate and grave."""
    alert = read(SMALL).playbook.alerts["evacuation"]
    assert (alert.ack.from_, alert.ack.choices, alert.ack.then) == ("partner", ("seen",), ())
    assert alert.by is None
    assert alert.cap.rings
    assert not read(changed("Extreme", "Moderate")).playbook.alerts["evacuation"].cap.rings


def test_text_is_found_in_the_reader_s_language() -> None:
    """First the language itself, then its main tag, then the next language, then whatever there is, with its tag."""
    texts = {"fr": "Petit", "nl": "Klein"}
    assert text_in(texts, ("nl-BE", "fr")) == ("Klein", "nl")
    assert text_in(texts, ("de", "fr")) == ("Petit", "fr")
    assert text_in(texts, ("pl",)) == ("Petit", "fr")
    assert text_in({"": "Town"}, ("pl", "fr")) == ("Town", "")
    assert text_in({"en": ("{what}",)}, ("en",)) == (("{what}",), "en")


def test_a_clause_names_the_fields_it_needs() -> None:
    """In the order of the text, as often as they stand there."""
    assert clause_fields("{what} at {where}, {what}") == ("what", "where", "what")
    assert clause_fields("Go.") == ()


@pytest.mark.parametrize(
    ("cron", "wall", "due"),
    [
        ("0 8 * * 1", "2026-06-01T08:00", True),
        ("0 8 * * 1", "2026-06-02T08:00", False),
        ("0 8 * * 0", "2026-06-07T08:00", True),
        ("0 8 * * 7", "2026-06-07T08:00", True),
        ("0 8 * * fri-7", "2026-06-07T08:00", True),
        ("*/15 6-18/4 * jun MON-FRI", "2026-06-01T10:45", True),
        ("0 8 1 * 0", "2026-06-01T08:00", True),
        ("0 8 1 * 0", "2026-06-07T08:00", True),
        ("0 8 1 * 0", "2026-06-02T08:00", False),
        ("0 8 1 * *", "2026-06-02T08:00", False),
    ],
)  # fmt: skip
def test_cron_is_the_standard_one(cron: str, wall: str, due: bool) -> None:
    """0 and 7 are Sunday, names work, and of day and weekday either suffices when both are given."""
    assert Cron.parse(cron).matches(datetime.fromisoformat(wall)) is due


@pytest.mark.parametrize(
    "cron", ["", "0 8 * *", "60 * * * *", "* 24 * * *", "0 0 31 2 *", "a * * * *", "5-1 * * * *", "*/0 * * * *"]
)
def test_a_clock_time_that_never_comes_is_refused(cron: str) -> None:
    """Too few fields, numbers out of range and days that no month has are errors."""
    with pytest.raises(ValueError):
        Cron.parse(cron)


@pytest.mark.parametrize("written", ["10", "5 m", "m", "1.5h", "-5m", "0s", "5M", "1w", "999999999y", "5m3s"])
def test_a_duration_is_one_number_and_one_unit(written: str) -> None:
    """Everything else is refused, and so are durations of nothing and of centuries."""
    assert any("duration" in line or "centuries" in line for line in errors(SMALL + f"    expires: {written}\n"))


def test_durations_are_read() -> None:
    """Seconds, minutes, hours and days; and years for keeping."""
    playbook = read(SMALL + "    expires: 90d\nlog: {sign: 30s, post: 2h, keep: 1y}\n").playbook
    assert playbook.alerts["evacuation"].expires == timedelta(days=90)
    assert (playbook.log.sign, playbook.log.post) == (timedelta(seconds=30), timedelta(hours=2))
    assert playbook.log.keep >= timedelta(days=366)


def test_ceilings_fall_back_to_the_lower() -> None:
    """A network of which nothing was agreed carries only what is clear."""
    playbook = read(SMALL).playbook
    assert (playbook.ceiling("matrix"), playbook.encrypted_ceiling("matrix")) == (Tlp.AMBER, Tlp.RED)
    assert (playbook.ceiling("telegram"), playbook.encrypted_ceiling("telegram")) == (Tlp.CLEAR, Tlp.CLEAR)


def test_white_is_the_old_name_of_clear() -> None:
    """TLP 1.0's lowest level is read as that of 2.0."""
    playbook = read(changed("{tlp: amber}", "{tlp: white}")).playbook
    assert playbook.partners["city"].clearance.tlp is Tlp.CLEAR


def test_a_playbook_cannot_be_changed() -> None:
    """Models are frozen."""
    with pytest.raises(ValueError, match="frozen"):
        read(SMALL).playbook.version = 2  # type: ignore[misc]


def test_the_json_schema_has_the_keys_as_they_are_written() -> None:
    """Python's spelling (`in_`, `from_`) does not show, unknown keys are refused, and every part is described."""
    schema = json_schema()
    definitions = schema["$defs"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"playbook", "version", "partners", "phases"} <= set(schema["required"])
    assert {"in", "lead", "deputies"} <= set(definitions["LeadRule"]["properties"])
    assert {"from", "until", "between"} <= set(definitions["Agreement"]["properties"])
    parts = [schema, *(part for part in definitions.values() if part.get("type") == "object")]
    assert all(part["additionalProperties"] is False and part["description"] for part in parts)
    assert not [key for part in parts for key in part["properties"] if key.endswith("_")]
