"""What a round of a check-in looks like to one reader: the live card, and ``/checkin C-3``.

Partner by partner, those who need help and those who are silent first, as far as this reader may see it; counted over the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from handlers import checkin_words
from handlers.answering import Partners, field, partners
from handlers.moments import moment
from handlers.texts import say, says
from handlers.world import World
from playbooks import sight
from playbooks.cleared import Cleared, Reader, glue, name, one_of_many, phone, phrased, quote, short_id, strong, value
from playbooks.load import Book
from playbooks.sight import View
from playbooks.values import Text
from storage.incident import Incident, Round

MOST_LINES = 24
"""Partners that one message has a line for: it fits a phone."""


def render(
    world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime
) -> Cleared | None:
    """The round as this reader may see it. ``room``: None for a coordinator's private chat."""
    return _Card(world, incident, about, reader, room, now).whole()


class _Card:
    def __init__(
        self, world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime
    ) -> None:
        self._book = world.book_of(incident)
        self._round: Round = incident.rounds[about]
        self._reader, self._now = reader, now
        self._spoken = reader.languages
        self._all = partners(world, incident, self._round, reader, room, now)

    def whole(self) -> Cleared:
        lines = [self._heading(), *self._counts()]
        ordered = sorted(self._all, key=self._rank)
        lines += [self._line(one) for one in ordered[:MOST_LINES]]
        left = len(ordered) - MOST_LINES
        if left > 0:
            lines.append(say(self._spoken, "… and {count} more", count=left))
        return glue(lines)

    def _heading(self) -> Cleared:
        fact, book = self._round.fact, self._book
        checkin = book.playbook.checkins.get(fact.name)
        parts = [say(self._spoken, "<b>{round}</b>", round=short_id(fact.round))]
        if checkin is not None:
            parts.append(quote(book, self._reader, checkin.ask))
        parts.append(self._moment(self._round.at))
        if self._round.ended is not None:
            parts.append(say(self._spoken, "over"))
        elif fact.within is not None and self._now < fact.within:
            parts.append(say(self._spoken, "until {time}", time=self._moment(fact.within)))
        elif fact.within is not None:
            parts.append(say(self._spoken, "its time is up"))
        return glue(parts, " · ")

    def _counts(self) -> list[Cleared]:
        seen = Counter(one.stands.answer for one in self._all if one.seen and one.stands is not None)
        parts = [
            say(self._spoken, "{answer}: {count}", answer=self._said(answer), count=count)
            for answer, count in sorted(seen.items(), key=lambda one: self._place(one[0]))
        ]
        answered = sum(1 for one in self._all if one.status == "answered" and not one.seen)
        if answered:
            parts.append(says(self._spoken, "{count} answered", "{count} answered", answered))
        silent = sum(1 for one in self._all if one.status != "answered")
        if silent:
            parts.append(strong(says(self._spoken, "{count} without an answer", "{count} without an answer", silent)))
        late = sum(1 for one in self._all if one.stands is not None and one.stands.late)
        if late:
            parts.append(says(self._spoken, "{count} late", "{count} late", late))
        return [glue(parts, " · ")] if parts else []

    def _said(self, answer: str) -> Cleared:
        return checkin_words.said(self._book, self._reader, answer)

    def _place(self, answer: str) -> int:
        checkin = self._book.playbook.checkins.get(self._round.fact.name)
        answers = checkin.answers if checkin is not None else ()
        return answers.index(answer) if answer in answers else len(answers)

    def _rank(self, one: Partners) -> tuple[int, int]:
        """Help first, then silence, then what is not well; what is well comes last."""
        if one.status != "answered":
            return 1, 0
        if not one.seen or one.stands is None:
            return 3, 0
        return (0, 0) if one.stands.answer == "help" else (2, -self._place(one.stands.answer))

    def _line(self, one: Partners) -> Cleared:
        spoken, who = self._spoken, name(self._book, self._reader, one.partner)
        number = phone(self._book, self._reader, one.partner)
        match one.status:
            case "silent":
                return say(spoken, "• {partner}: silent {phone}", partner=who, phone=number)
            case "unreachable":
                return say(spoken, "• {partner}: <b>not reached</b> {phone}", partner=who, phone=number)
            case "roomless":
                return say(spoken, "• {partner}: <b>no room</b> {phone}", partner=who, phone=number)
            case "waiting":
                return say(spoken, "• {partner}: on its way", partner=who)
            case "answered":
                return self._answer(one, who, number)

    def _answer(self, one: Partners, who: Cleared, number: Cleared) -> Cleared:
        assert one.stands is not None
        spoken, time = self._spoken, self._moment(one.stands.at)
        if one.stands.late:
            time = say(spoken, "{time}, late", time=time)
        otherwise = say(spoken, "• {partner}: answered, {time}", partner=who, time=time)
        if one.view is None:
            return otherwise
        words = say(
            spoken,
            "• {partner}: {answer}, {time}",
            partner=who,
            answer=strong(self._said(one.stands.answer)),
            time=time,
        )
        if one.stands.answer == "help" and number.html:
            words = glue([words, number], " ")
        told = said_words(self._book, self._round, one.view, one.stands.words, spoken)
        whole = glue([words, told]) if told is not None else words
        return one_of_many(phrased(self._book, one.view, field(self._round), whole, otherwise), one.partner)

    def _moment(self, at: datetime) -> Cleared:
        return moment(self._book, at, self._now, self._spoken)


def said_words(book: Book, round_: Round, view: View, words: str, languages: tuple[str, ...]) -> Cleared | None:
    """What somebody said besides their answer, where this room may see it."""
    if not words:
        return None
    event = replace(view.event, fields={field(round_): Text(words)})
    return value(book, replace(view, event=event), field(round_), languages)
