"""Times that are not today's say their day, wherever they are read."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.events import Stale
from handlers.moments import moment
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    FIRE,
    FIRE_TELEGRAM,
    LIAISON,
    MAYOR,
    copies,
    issued,
    opened,
    said,
    to,
)
from tests.playbooks.border import BOOK, NOON, border

BRUSSELS = ZoneInfo("Europe/Brussels")
LONG = border(("danger: {by: lead, lasts: 2h,", "danger: {by: lead, lasts: 24h,"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "12:00 on June {day}"),
        ("fr", "12:00 le {day} juin"),
        ("nl", "12:00 op {day} juni"),
        ("de", "12:00 am {day}. Juni"),
        ("it", "12:00 del giorno {day} giugno"),
        ("es", "12:00 del {day} de junio"),
    ],
)
def test_the_day_is_said_where_it_is_another(language: str, words: str) -> None:
    """Today the time alone; of another day its day too, in the reader's language; of another year its year."""
    assert moment(BOOK, NOON, NOON + timedelta(hours=11), (language,)).text == "12:00"
    assert moment(BOOK, NOON, NOON + timedelta(hours=12), (language,)).text == words.format(day=1)
    assert moment(BOOK, NOON + timedelta(days=1), NOON, (language,)).text == words.format(day=2)
    assert "2026" in moment(BOOK, NOON, NOON + timedelta(days=365), (language,)).text


def test_today_is_the_playbooks() -> None:
    """Just before midnight in Brussels it is still today there, and just after it is not, whatever the day is in UTC."""
    midnight = datetime(2026, 6, 2, tzinfo=BRUSSELS)
    utc = ZoneInfo("UTC")
    before, after = (midnight + timedelta(minutes=minutes) for minutes in (-1, 1))
    assert moment(BOOK, before.astimezone(utc), NOON, ("en",)).text == "23:59"
    assert moment(BOOK, after.astimezone(utc), NOON, ("en",)).text == "00:01 on June 2"


def test_a_danger_of_a_day_ends_on_another() -> None:
    """Whoever declares it, whoever is told, and whoever asks what is happening read until which day."""
    stage = opened(LONG)
    sent = stage.say(FIRE, "/danger a dyke broke", LIAISON)
    assert any("until 12:00 on June 2" in text for text in to(sent, FIRE))
    assert any("(12:00), until 12:00 on June 2." in text for text in to(sent, CITY))
    assert "until 12:00 on June 2" in said(stage, FIRE_TELEGRAM, "/status")


def test_what_is_asked_the_day_after_says_when_it_was() -> None:
    """The incident, its alerts and their answers, in /status and in /log; an alert that leaves so late says it too."""
    stage = opened()
    stage.now = NOON + timedelta(hours=11)
    alert = issued(stage)
    stage.say(BRANDWEER, f"/ack {alert} seen", "matrix:@somebody:x.org")
    assert "since 12:00\n" in said(stage, CITY, "/status", MAYOR)
    stage.now += timedelta(hours=2)
    assert "since 12:00 on June 1" in said(stage, CITY, "/status", MAYOR)
    assert f"{alert} Evacuate, 23:00 on June 1" in said(stage, CITY, "/status", MAYOR)
    assert "23:00 on June 1: Seen" in said(stage, BRANDWEER, f"/status {alert}")
    assert "Open since 12:00 on June 1" in said(stage, CITY, "/log", "telegram:501")
    before = len(stage.sent)
    stage.happen(Stale(copies(stage, alert)[AID], over=False))
    assert any("From City & Sons <town hall>, 23:00 on June 1" in text for text in to(stage.sent[before:], AID))


def test_to_send_alone_may_be_another_days() -> None:
    """A draft that waits over midnight for a second person says when its author may go on."""
    stage = opened()
    stage.now = NOON + timedelta(hours=11, minutes=58, seconds=30)
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    assert "From 00:01 on June 2 you may send it alone" in said(stage, CITY, "/draft D-1 send", MAYOR)
