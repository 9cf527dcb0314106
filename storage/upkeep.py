"""What the machine does by itself, in words: what fell due, and which messages are kept up to date where they stand."""

from __future__ import annotations

from collections.abc import Mapping

from storage.tongue import ENGLISH, Tongue

DUE: Mapping[str, str] = {
    "alone": "see whether a second person had agreed to {0}",
    "calm": "remind of duties under {0}",
    "card": "bring the card of {0} up to date",
    "checkin": "start the check-in {1}",
    "checkin-over": "end the time to answer {0}",
    "danger": "end the declared danger in {0}",
    "draft": "drop the draft {0}",
    "escalation": "see whether {1} had answered {0}",
    "expires": "end {0}, whose time is over",
    "place": "ask again where {0} is to be shown",
    "poll": "count the answers to {1}",
    "post": "post the signed state of the log of {0}",
    "reach-report": "tell who had answered the test {0}",
    "reach-test": "test the alarm chain of {0}",
    "remains": "see which messages about {0} could not be removed",
    "report": "see whether anybody had read {0}",
    "report-asks": "see whether {0} had been finished",
    "rollcall": "ask again who had not answered {0}",
    "rollcall-list": "bring the list of {0} up to date",
    "silent": "bring the list of who is silent about {0} up to date",
    "unreachable": "see whether anything about {0} had reached {1}",
}
"""The first part of a deadline's key → what was to be done; ``{0}``, ``{1}``: its other parts."""

LISTS: Mapping[str, str] = {
    "call": "The list of whom to ring about {about} is kept up to date in {where}",
    "card": "The card of {about} is kept up to date in {where}",
    "coordinators": "The list of who is silent about {about} is kept up to date in {where}",
    "deputies": "The list of who is silent about {about} is kept up to date in {where}",
    "lead": "The list of who is silent about {about} is kept up to date in {where}",
    "poll": "The poll {about} is kept up to date in {where}",
    "rollcall": "The list of {about} is kept up to date in {where}",
    "prompt": "The question {about} is asked in {where}",
    "cancelled": "The word that {about} is cancelled is kept up to date in {where}",
    "retracted": "The word that {about} is retracted is kept up to date in {where}",
    "superseded": "The word that {about} is superseded is kept up to date in {where}",
}
"""What a message is that is found again, by its role (``MessageTracked``), and what happens to it."""


def due(key: str, tongue: Tongue = ENGLISH) -> str:
    """What was to be done, by the key of its deadline, after "time to"; the key itself where nothing is known of it."""
    kind, *rest = key.split(":")
    words = DUE.get(kind)
    if words is None or len(rest) <= words.count("{1}"):
        return tongue.say("do what is due ({key})", key=key)
    return tongue.own(words).format(*rest)


def tracked(role: str, about: str, tongue: Tongue = ENGLISH) -> str:
    """What a message is that is found again, and what happens to it; ``{}`` stands for where it is."""
    about = about.replace("{", "{{").replace("}", "}}")
    if role in LISTS:
        return tongue.say(LISTS[role], about=about, where="{}")
    return tongue.say("A message ({role}) about {about} in {where}", role=role, about=about, where="{}")


def whose(partner: str | None, network: str, tongue: Tongue = ENGLISH) -> str:
    """A room by its partner and network; a chat of no partner is a person's own."""
    return f"{partner or tongue.say('a private chat')} ({network})"
