"""The telephone: what somebody heard there is written down for the partner that said it."""

from __future__ import annotations

from handlers.case import Case
from storage.effects import Effect


def by_phone(case: Case, about: str, partner: str, spoke_with: str, choice: str) -> list[Effect]:
    """A partner answered an alert by telephone: who there, and what."""
    return [case.answer(case.say("Not recorded yet: please try again."))]
