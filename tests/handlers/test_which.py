"""Which incident is meant, where several are open with the same partners: nothing mixes, and no words are lost."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from datetime import timedelta

from handlers.command import short_ids
from handlers.which import named_in_front
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage import deployment
from storage.effects import PROMPT, Send
from storage.facts import (
    DEPLOYMENT,
    IDS,
    AlertDrafted,
    AlertIssued,
    DangerDeclared,
    IncidentClosed,
    NoteAdded,
    WordsKept,
    WordsUsed,
)
from storage.incident import Incident
from tests.handlers.border_stage import (
    AID,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    OFFICER,
    SOMEBODY,
    opened,
    to,
)
from tests.handlers.exercise_stage import PLAYED
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, border


def two(book: Book = BOOK) -> Stage:
    """Two incidents from one playbook, in the same rooms."""
    stage = opened(book)
    stage.now += timedelta(minutes=5)
    stage.say(CITY, "/activate +border", MAYOR)
    stage.sent.clear()
    return stage


def commands(send: Send) -> list[str]:
    """What its choices mean."""
    return [tap.command for row in send.taps for tap in row]


def issue(stage: Stage, incident: str, words: str = "action=leave") -> str:
    """An alert in one of them; its id."""
    stage.say(CITY, f"/alert {incident} evacuation {words}", MAYOR)
    stage.say(CITY, f"/draft {list(stage.world.incidents[incident].drafts)[-1]} send", MAYOR)
    return list(stage.world.incidents[incident].alerts)[-1]


def test_it_asks_with_the_whole_command_in_each_choice() -> None:
    """Short words fit the buttons; each is named by what tells them apart."""
    stage = two()
    [asked] = stage.say(CITY, "/note hello", MAYOR)
    assert commands(asked) == ["/note I-1 hello", "/note I-2 hello"]
    labels = [tap.label.text for row in asked.taps for tap in row]
    assert labels == ["I-1 · Flood at the border · 12:00", "I-2 · Flood at the border · 12:05"]
    stage.say(CITY, commands(asked)[1], MAYOR, via="button")
    assert [kept.stream for kept in stage.facts if isinstance(kept.fact, NoteAdded)] == ["I-2"]


def test_long_words_are_kept_until_it_is_said_and_survive_a_restart() -> None:
    """No letter of them is lost; only who wrote them can say, once, and not for ever."""
    stage = two()
    words = "The dyke at the old mill gives way, forty metres, water in the cellars of Rue Basse"
    [asked] = stage.say(CITY, f"/note {words}", MAYOR)
    assert commands(asked) == ["/go W-1 I-1", "/go W-1 I-2"] and stage.of(WordsKept)
    folded = deployment.fold(deployment.Deployment(), [kept for kept in stage.facts if kept.stream == DEPLOYMENT])
    assert folded.words == stage.world.who.words
    for room, person in ((CITY, OFFICER), (CITY_TELEGRAM, MAYOR)):
        assert "no longer open" in to(stage.say(room, "/go W-1 I-2", person, via="button"), room)[0]
    stage.say(CITY, "/go W-1 I-2", MAYOR, via="button")
    [note] = [kept for kept in stage.facts if isinstance(kept.fact, NoteAdded)]
    assert (note.stream, note.fact.text) == ("I-2", words) and stage.of(WordsUsed)  # type: ignore[attr-defined]
    assert "no longer open" in to(stage.say(CITY, "/go W-1 I-1", MAYOR, via="button"), CITY)[0]
    stage.say(CITY, f"/note {words}", MAYOR)
    stage.now += timedelta(minutes=11)
    assert "no longer open" in to(stage.say(CITY, "/go W-2 I-1", MAYOR, via="button"), CITY)[0]


def test_plain_words_for_several_questions_are_asked_about() -> None:
    """Two drafts ask; the words go to the one that is chosen, whole."""
    stage = two()
    stage.say(CITY, "/alert I-1 count", MAYOR)
    stage.say(CITY, "/alert I-2 count", MAYOR)
    [asked] = stage.say(CITY, "12", MAYOR)
    assert asked.body.text == "Which question is that for?" and commands(asked) == ["/go W-1 D-1", "/go W-1 D-2"]
    stage.say(CITY, "/go W-1 D-2", MAYOR, via="button")
    assert stage.world.incidents["I-1"].drafts["D-1"].fact.fields["people"] is None
    later = [fact for fact in stage.of(AlertDrafted) if isinstance(fact, AlertDrafted) and fact.draft == "D-2"][-1]
    assert "12" in str(later.fields["people"])


def test_a_reply_or_a_short_id_says_it() -> None:
    """The message that is answered, or any id that this room was shown."""
    stage = two()
    first, second = issue(stage, "I-1"), issue(stage, "I-2")
    copy = next(send for send in stage.sent if send.to == FIRE and send.about == first)
    stage.say(FIRE, "/note from the reply", LIAISON, about=stage.about(copy), via="reply")
    stage.say(FIRE, f"/note {second} is ours", LIAISON)
    notes = [(kept.stream, kept.fact.text) for kept in stage.facts if isinstance(kept.fact, NoteAdded)]
    assert notes == [("I-1", "from the reply"), ("I-2", f"{second} is ours")]


def test_an_id_that_was_not_shown_says_no_more_than_none() -> None:
    """A room that a draft or an alert was hidden from is asked just the same with its id as with one that is not."""
    stage = two()
    stage.say(CITY, "/alert I-2 evacuation action=leave", MAYOR)
    [hidden] = stage.say(AID, "/note D-1 x", SOMEBODY)
    [nothing] = stage.say(AID, "/note D-9 x", SOMEBODY)
    assert hidden.body.text == nothing.body.text
    assert commands(hidden) == ["/note I-1 D-1 x", "/note I-2 D-1 x"]


def test_an_incident_that_is_not_open_is_never_taken_for_another() -> None:
    """To close the first again does not close the second, by its id or by a reply; nor does any other command go astray."""
    stage = two()
    opened_by = Send("I-1", CITY, stage.say(CITY, "/status I-1", MAYOR)[0].body, 1)  # type: ignore[arg-type]
    stage.say(DESK, "/close I-1 yes", private=True)
    for words in ("/close I-1", "/close i-1 yes", "/danger I-1 a fire", "/status I-9", "/note I-1 x"):
        answer = stage.say(DESK, words, private=True)[-1].body.text
        assert re.fullmatch(r"I-[19] is (not open here|closed already)\. Nothing was done\.", answer), answer
        assert ("closed already" in answer) == ("/close" in words)
    reply = stage.say(DESK, "/close", private=True, about=stage.about(opened_by), via="reply")[-1].body.text
    assert reply == "I-1 is closed already. Nothing was done."
    assert stage.world.incidents["I-2"].closed_at is None and len(stage.of(IncidentClosed)) == 1
    assert not stage.of(DangerDeclared) and not stage.of(NoteAdded)


def test_who_answers_to_one_and_names_another_is_asked() -> None:
    """Neither is guessed."""
    stage = two()
    about = stage.say(CITY, "/status I-1", MAYOR)[0]
    [asked] = stage.say(CITY, "/note I-2 x", MAYOR, about=stage.about(about), via="reply")
    assert commands(asked) == ["/note I-1 x", "/note I-2 x"]


def test_where_one_is_closed_the_other_goes_on_unasked() -> None:
    """And is not named any more, where it is alone."""
    stage = two()
    stage.say(DESK, "/close I-2 yes", private=True)
    [noted] = stage.say(CITY, "/note x", MAYOR)
    assert noted.body.text.startswith("Noted in the log")
    assert [kept.stream for kept in stage.facts if isinstance(kept.fact, NoteAdded)] == ["I-1"]


def test_every_message_names_its_incident_where_there_are_several() -> None:
    """On top, unless its first line does already."""
    stage = two()
    issue(stage, "I-1")
    stage.say(CITY, "/note I-2 x", MAYOR)
    for send in stage.sent:
        if send.stream in stage.world.incidents:
            assert send.stream in send.body.text.split("\n")[0], send.body.text
    alert = next(send for send in stage.sent if send.to == FIRE and send.about == "A-1")
    assert alert.body.text.split("\n")[:2] == ["I-1 · Flood at the border · 12:00", "🚨 Evacuate · A-1"]


def test_a_topic_of_its_own_decides() -> None:
    """A chat with topics may be one playbook's, and one of its topics another's."""
    from tests.playbooks.border import BORDER

    other = border()
    text = BORDER.replace("playbook: border", "playbook: river").replace("{telegram: -11}", "{telegram: -11, topic: 7}")
    from playbooks.load import parse

    stage = Stage.set(other, parse(text.encode(), "river.yaml"))
    stage.say(DESK, "/activate border", private=True)
    stage.say(DESK, "/activate river", private=True)
    stage.say(RoomRef("telegram", "-11", "7"), "/note in its topic", SOMEBODY)
    assert [kept.stream for kept in stage.facts if isinstance(kept.fact, NoteAdded)] == ["I-2"]


def test_only_an_id_alone_in_front_names_an_incident() -> None:
    """Not one within words, nor that of something else."""
    assert named_in_front("i-2 words") == "I-2" and named_in_front("E-1") == "E-1"
    for words in ("words I-2", "A-2", "", "where=I-2", "I-2x", "A-1,I-2"):
        assert named_in_front(words) is None, words


# --- at random ---------------------------------------------------------------------------------------------------------------

PEOPLE = ((CITY, MAYOR), (CITY, OFFICER), (FIRE, LIAISON), (AID, SOMEBODY), (HILFE, SOMEBODY))
DOINGS = (
    (CITY, MAYOR, "/alert {i} evacuation action=leave where=Town people=12 Water"),
    (CITY, MAYOR, "/alert {i} count people=40"),
    (CITY, MAYOR, "/draft {draft} send"),
    (CITY, MAYOR, "/draft {draft} drop"),
    (FIRE, LIAISON, "/ack {i} {alert} acting"),
    (AID, SOMEBODY, "/ack {i} {alert} cannot"),
    (FIRE, LIAISON, "/danger {i} a dyke"),
    (FIRE, LIAISON, "/danger {i} off"),
    (FIRE, LIAISON, "/status {i}"),
    (CITY, MAYOR, "/cancel {i} {alert} mistake"),
    (CITY, MAYOR, "/note {i} seen"),
)


def doings(seed: int, count: int) -> list[tuple[int, int]]:
    """What is done in the first of two incidents (0) and in the second (1), in one order."""
    random_ = random.Random(seed)
    return [(random_.randrange(2), random_.choice(range(len(DOINGS)))) for _ in range(count)]


def played(plan: list[tuple[int, int]], *, both: bool) -> list[tuple[str, str]]:
    """What is said of the first incident, as it is played with or without the second beside it."""
    stage = two(PLAYED) if both else opened(PLAYED)
    if not both:
        stage.now += timedelta(minutes=5, seconds=1)
    for which, number in plan:
        stage.now += timedelta(seconds=20)
        if which == 0 or both:
            said_in(stage, stage.world.incidents[f"I-{which + 1}"], number)
        accept(stage)
        stage.fall_due(stage.now)
    for _ in range(13):
        stage.fall_due(stage.now + timedelta(hours=1))
        accept(stage)
    for send in stage.sent:
        other = stage.world.incidents.get({"I-1": "I-2", "I-2": "I-1"}.get(send.stream, ""))
        theirs = {*other.alerts, *other.drafts, *other.rounds, other.id} if other is not None else set()
        assert not theirs & set(short_ids(f"{send.body.text} {' '.join(commands(send))}")), send.body.text
    # Cards and lists are edited in a room's own pace, whichever incident they are of; everything else is said at once.
    mine = [send for send in stage.sent if send.stream == "I-1" and send.role in (None, PROMPT)]
    return sorted((str(send.to), without_names(send)) for send in mine)


def accept(stage: Stage) -> None:
    """The networks take everything that was said."""
    for token, send in list(stage.tokens.items()):
        if token not in stage.landed:
            stage.accepted(send)


def said_in(stage: Stage, incident: Incident, number: int) -> None:
    """Do one of the things there are to do, where there is something to do it to; nothing is said of another incident."""
    room, person, words = DOINGS[number]
    draft, alert = (list(some)[-1] if some else None for some in (incident.drafts, incident.alerts))
    if (draft is None and "{draft}" in words) or (alert is None and "{alert}" in words):
        return
    sent = stage.say(room, words.format(i=incident.id, draft=draft, alert=alert), person)
    assert {send.stream for send in sent} <= {incident.id, DEPLOYMENT}, words
    stage.now -= timedelta(seconds=1)


def without_names(send: Send) -> str:
    """A message without the line that names its incident, and with its ids by their letters alone."""
    text = re.sub(r"^I-\d+ · Flood at the border · .*\n", "", send.body.text)
    text = re.sub(
        r"^As of .*$", "As of", text, flags=re.MULTILINE
    )  # a card waits for the network to take the one before
    taps = " ".join(commands(send))
    return re.sub(r"\b([A-Z])-\d+", r"\1", f"{text}\n{taps}")


def test_an_incident_goes_on_as_if_it_were_alone() -> None:
    """Whatever befalls the second in between: the rooms are told the same of the first, and nothing of the other."""
    for seed in range(4):
        plan = doings(seed, 30)
        assert played(plan, both=True) == played(plan, both=False), seed


def test_short_ids_never_collide() -> None:
    """Over hundreds of operations in several incidents each id is given once, with one counter a letter."""
    stage = opened()
    for _ in range(3):
        stage.say(CITY, "/activate +border", MAYOR)
    random_ = random.Random(7)
    for _ in range(700):
        incident = random_.choice(stage.world.open)
        room, person, words = random_.choice(DOINGS[:3])
        drafts = list(incident.drafts)
        if drafts or "{draft}" not in words:
            stage.say(room, words.format(i=incident.id, draft=drafts[-1] if drafts else ""), person)
        stage.sent.clear()
    given: dict[str, list[int]] = defaultdict(list)
    named: set[str] = set()
    for kept in stage.facts:
        attribute = IDS.get(type(kept.fact))
        if attribute is not None:
            identifier = getattr(kept.fact, attribute)
            if identifier not in named:  # a draft that is filled in keeps its own
                letter, _, number = identifier.partition("-")
                given[letter].append(int(number))
            named.add(identifier)
    assert len(stage.of(AlertIssued)) > 100
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in given.values())
    whose = [name for one in stage.world.incidents.values() for name in (*one.alerts, *one.drafts)]
    assert len(whose) == len(set(whose))
