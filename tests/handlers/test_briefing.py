"""The briefing that goes with the lead: what it says, in which order, to whom, and that what is hidden leaves no trace in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.briefing import LONGEST
from handlers.events import Stale
from storage.effects import Send, Urgency
from storage.facts import BriefingGiven
from storage.store import OutboxRow
from tests.examples import examples
from tests.handlers.border_stage import AID, BRANDWEER, CITY, CITY_TELEGRAM, FIRE, SOMEBODY, issued, said, to
from tests.handlers.command_stage import CHANGES, CHIEF, HELPER, MAYOR, opened, recovery, state, words
from tests.handlers.stage import Stage
from tests.playbooks.border import border

GIVEN = '/alert evacuation action=leave what="The quay is under water" where=Town people=12 secret="The dam"'


def briefed(stage: Stage, partner: str) -> str:
    """The briefing that goes with an offer of the fire service's lead, in one of the partner's rooms."""
    room = {"city": CITY, "aid": AID}[partner]
    sent = stage.say(FIRE, f"/handover {partner}", CHIEF)
    return next(text for text in to(sent, room) if text.startswith("Briefing"))


def test_it_says_what_is_going_on_in_the_order_of_need() -> None:
    """What it is, what happens, what is open, what was decided, what comes, who leads, what was done, what there is."""
    stage = opened()
    issued(stage, GIVEN)
    stage.say(FIRE, "/decide Close the bridge because it gives way rejected: wait; repair it", CHIEF)
    text = briefed(stage, "city")
    headings = [
        "Briefing · ",
        "Phase: watch",
        "Situation",
        "Still open",
        "Decided",
        "Planned",
        "Organisation",
        "Done so far",
        "Resources",
    ]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "• A-1 Evacuate, 12:00, from City & Sons <town hall>\nLeave now.\nArea: Town.\n" in text
    assert "The quay is under water" in text and "The dam" in text
    assert "The dam" not in words(stage.sent, CITY_TELEGRAM)
    assert "• K-1, 12:00, Fire: Close the bridge\n│ ↳ it gives way\n│ ✗ wait\n│ ✗ repair it" in text
    assert "A-1 ends" in text
    assert "• Lead (operational, Belgium): Fire · Deputies: City & Sons <town hall> · Aid · Basis: Law of fires" in text
    assert "• 6 × rescue boat (Town, Fire)" in text


def test_it_is_written_for_its_reader() -> None:
    """Across the border and to who is cleared for less: only what the rules show, and what the playbook labels for them."""
    stage = opened()
    issued(stage, GIVEN)
    stage.say(FIRE, "/decide Close the bridge because it gives way", CHIEF)
    text = briefed(stage, "aid")
    assert "Leave now." in text and "The quay" in text and "Area: Town." in text
    for hidden in ("12", "The dam", "bridge", "diver", "hidden pump", "Silent", "Decided"):
        assert hidden not in text.replace("12:0", "").replace("12:1", "")
    assert "rescue boat" in text


def test_who_has_not_answered_is_named_to_who_may_know_that() -> None:
    """The lead, and not whom the lead is only offered to; an unlisted one to nobody."""
    stage = opened()
    issued(stage, GIVEN)
    assert "not answered by" not in briefed(stage, "aid")
    mine = said(stage, FIRE, "/briefing", CHIEF)
    assert "• A-1: not answered by" in mine and "Silent" not in mine


def test_over_and_retracted_alerts_are_no_situation() -> None:
    """What was done keeps the first, and of the second nothing."""
    stage = opened()
    issued(stage, GIVEN)
    issued(stage, "/alert affected where=Town The road is closed")
    stage.say(CITY, "/cancel A-1 yes", MAYOR)
    stage.say(CITY, "/retract A-2", MAYOR)
    stage.say(CITY, "/retract A-2 yes", MAYOR)
    assert (state(stage).alerts["A-1"].state, state(stage).alerts["A-2"].state) == ("cancelled", "retracted")
    text = briefed(stage, "city")
    assert "Situation" not in text and "The quay" not in text
    assert "A-1 cancelled" in text and "A-2" not in text and "road" not in text


def test_it_is_for_who_leads_and_for_whom_the_lead_is_offered_to() -> None:
    """Anybody else is told where to look."""
    stage = opened()
    assert "The briefing is for who leads" in said(stage, AID, "/briefing", SOMEBODY)
    assert said(stage, FIRE, "/briefing", CHIEF).startswith("Briefing")
    stage.say(FIRE, "/handover aid", CHIEF)
    assert said(stage, AID, "/briefing", HELPER).startswith("Briefing")
    assert [fact.offer for fact in stage.of(BriefingGiven)] == [None, "H-1", "H-1"]  # type: ignore[attr-defined]


def test_it_fits_two_screens_of_a_phone() -> None:
    """The latest alerts are told whole, as far as there is room; of the others there is a heading, or a number."""
    stage = opened()
    for number in range(30):
        issued(stage, f'/alert evacuation action=leave what="{number}: {"water " * 40}"')
    text = briefed(stage, "city")
    assert len(text) <= LONGEST + 100
    assert "29: water" in text and "0: water" not in text.replace("10: water", "").replace("20: water", "")
    assert "more" in text


def test_nothing_is_said_of_an_unlisted_partner() -> None:
    """Not as the owner of means, not as who leads, not as who is silent."""
    stage = opened(border(*CHANGES, ("  - {tier: strategic, lead: city}\n", "  - {tier: strategic, lead: watchers}\n")))
    issued(stage, GIVEN)
    for partner in ("city", "aid"):
        text = briefed(stage, partner)
        assert "Silent" not in text and "…" not in text and "diver" not in text and "strategic" not in text
    sent = stage.say(FIRE, "/handover brandweer", CHIEF)
    assert "Silent" not in words(sent, BRANDWEER)


def test_a_briefing_that_waits_is_written_anew_when_what_may_be_seen_has_changed() -> None:
    """For the room where it waited; of an offer that is over there is nothing to say."""
    stage = opened()
    issued(stage, GIVEN)
    stage.say(FIRE, "/handover city", CHIEF)
    row = OutboxRow("t", "t", "I-1", CITY, Urgency.PROMPT, "{}", "H-1", "city", shows=True)
    stage.say(FIRE, "/danger a dyke broke", CHIEF)
    stage.sent.clear()
    stage.happen(Stale(row, over=False))
    [text] = to(stage.sent, CITY)
    assert text.startswith("Briefing") and "Imminent danger" in text
    stage.say(FIRE, "/handover off", CHIEF)
    stage.sent.clear()
    stage.happen(Stale(row, over=False))
    assert not to(stage.sent, CITY)


def test_it_leaves_no_later_than_what_it_was_cleared_by_holds() -> None:
    """Danger that ends takes what it opened with it."""
    stage = opened()
    issued(stage, GIVEN)
    stage.say(FIRE, "/danger a dyke broke", CHIEF)
    stage.now += timedelta(minutes=110)
    sent = stage.say(FIRE, "/handover hilfe", CHIEF)
    [briefing] = [send for send in sent if send.body.text.startswith("Briefing")]
    danger = state(stage).danger
    assert danger is not None and briefing.not_after is not None and briefing.not_after < danger.until


# --- what is hidden ------------------------------------------------------------------------------------------------------

HIDDEN_FROM_AID: Mapping[str, tuple[str | None, ...]] = {
    "people": (None, "0", "12", "500"),
    "victims": (None, "Ada Lovelace", "Ada Lovelace, Jean-Luc Picard"),
    "secret": (None, "The dam", "A" * 900),
    "why": (None, "it gives way", "long " * 200),
    "rejected": (None, "wait", "wait; repair"),
    "reason": (None, "no time", "under water " * 30),
    "acting": ("Ada Lovelace", "Jean-Luc Picard the second"),
}
unseen = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in HIDDEN_FROM_AID.items()})


def played(hidden: Mapping[str, str | None]) -> Stage:
    """A crisis the same but for what Aid may not see: fields of alerts, reasons of decisions, of refusals, and who acts for whom."""
    stage = opened()
    fields = " ".join(f'{name}="{hidden[name]}"' for name in ("people", "victims", "secret") if hidden[name])
    issued(stage, f'/alert evacuation action=leave what="Water" {fields}')
    because = f" because {hidden['why']}" if hidden["why"] else ""
    rejected = f" rejected: {hidden['rejected']}" if hidden["rejected"] else ""
    stage.say(FIRE, f"/decide Close the bridge{because}{rejected}", CHIEF)
    stage.say(CITY, f"/acting {hidden['acting']} for mayor by decree", MAYOR)
    stage.say(FIRE, "/handover city", CHIEF)
    stage.say(CITY, f"/decline {hidden['reason'] or ''}", MAYOR)
    stage.say(FIRE, "/handover aid", CHIEF)
    stage.say(AID, "/briefing", HELPER)
    stage.say(AID, "/accept", HELPER)
    stage.say(AID, "/briefing", HELPER)
    stage.say(AID, "/who", SOMEBODY)
    stage.say(AID, "/object K-1 no", HELPER)
    recovery(stage)
    stage.say(AID, "/phase I-1 recovery yes watch", HELPER)
    stage.fall_due(stage.now + timedelta(hours=1))
    return stage


def seen_by(stage: Stage) -> list[tuple[object, ...]]:
    """All that Aid's rooms and people were sent, to the last attribute."""
    return [_looks(send) for send in stage.sent if send.partner == "aid" and send.to != FIRE]


def _looks(send: Send) -> tuple[object, ...]:
    shown = [(tap.label.html, tap.command) for row in send.taps for tap in row]
    return (send.to, send.body.html, dict(send.body.shows), send.urgency, send.about, shown, send.loud, send.not_after)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(unseen, unseen)
def test_what_is_hidden_from_a_partner_changes_nothing_in_its_briefings(
    one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    """Two crises that differ only in that are the same to it, and in how many facts they leave."""
    first, second = played(one), played(other)
    assert seen_by(first) == seen_by(second)
    assert [type(k.fact) for k in first.facts] == [type(k.fact) for k in second.facts]


def test_that_crisis_shows_the_partner_something() -> None:
    """Else the property would hold for nothing's sake."""
    stage = played({name: values[-1] for name, values in HIDDEN_FROM_AID.items()})
    texts = [str(looks[1]) for looks in seen_by(stage)]
    assert sum("Briefing" in text for text in texts) >= 4
    assert any("Water" in text for text in texts) and not any("bridge" in text for text in texts)
