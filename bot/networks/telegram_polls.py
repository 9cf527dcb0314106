"""A poll as Telegram takes it, and as words where it does not. Pure.

Limits: core.telegram.org/bots/api#sendpoll. They are counted here in UTF-16 units, the strictest of the ways in which Telegram counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.networks import markup
from playbooks import restricted
from playbooks.spoken import Poll

QUESTION_UNITS = 300
OPTION_UNITS = 100
OPTIONS = range(2, 13)


def poll_fits(question: str, options: Sequence[str]) -> bool:
    """Whether Telegram takes a poll with this question, which says who asks too, and these options."""
    trimmed = [option.strip() for option in options]
    return (
        0 < markup.utf16_units(question.strip()) <= QUESTION_UNITS
        and len(trimmed) in OPTIONS
        and len(set(trimmed)) == len(trimmed)
        and all(0 < markup.utf16_units(option) <= OPTION_UNITS for option in trimmed)
    )


def question(html: str, poll: Poll) -> str:
    """The question with who asks before it, in plain words."""
    return "\n".join(filter(None, (restricted.plain(html).strip(), poll.question.strip())))


def fields(html: str, poll: Poll) -> dict[str, Any]:
    """The fields of sendPoll. Nobody sees who chose what: the rooms of others are told counts only."""
    return {
        "question": question(html, poll),
        "options": [{"text": option.strip()} for option in poll.options],
        "is_anonymous": True,
        "allows_multiple_answers": poll.several,
    }


def spelt(html: str, poll: Poll) -> str:
    """The poll in words, as restricted HTML: the question, and the options with their numbers."""
    asked = f"<b>{markup.escape(poll.question.strip())}</b>" if poll.question.strip() else ""
    options = [f"{number}. {markup.escape(option.strip())}" for number, option in enumerate(poll.options, 1)]
    return "\n".join(filter(None, (html, asked, *options)))
