"""The evidence that somebody asks for: a copy that is intact, but has weaker, does not answer their question."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.verify.verdict import Evidence, Verdict

LEVELS = ("self-asserted", "posted", "posted-uneditable", "cosigned")
"""The weakest first. ``cosigned:3`` asks for three partners."""

STAMPED = "stamped"
"""Beside them: a time stamp that leads to a root that whoever verifies trusts. It says when, and nothing of who else has seen the log."""

NEED = "evidence"
"""The rule of a finding that the evidence is weaker than was asked for."""

_COSIGNED = re.compile(r"cosigned(?::([1-9]\d{0,3}))?", re.ASCII)
_GRADES = {"self-asserted": 0, "posted": 1, "posted where nobody can edit": 2, "cosigned": 3}


@dataclass(frozen=True, slots=True)
class Need:
    """What evidence there must be at least: a level, and how many partners must have cosigned."""

    level: str
    partners: int = 0

    @classmethod
    def parse(cls, text: str) -> Need:
        """Read one of the levels. Raises ValueError that says which there are."""
        if found := _COSIGNED.fullmatch(text):
            return cls("cosigned", int(found[1] or 1))
        if text not in (*LEVELS[:-1], STAMPED):
            raise ValueError(
                f"there is no such evidence as {text}: name one of {', '.join(LEVELS)}, cosigned:N or {STAMPED}"
            )
        return cls(text)

    def met(self, evidence: Evidence) -> bool:
        """Whether there is as much."""
        if self.level == STAMPED:
            return any(not one.doubt for one in evidence.stamped)
        return (
            _GRADES[evidence.worth] >= LEVELS.index(self.level)
            if self.level != "cosigned"
            else len(evidence.partners) >= self.partners
        )

    def demand(self, verdict: Verdict) -> None:
        """Add a finding to what is not bad, where its evidence is weaker."""
        if verdict.code == 1 or self.met(verdict.evidence):
            return
        if self.level == STAMPED:
            verdict.add(NEED, _unstamped(verdict.evidence), grade="incomplete")
            return
        asked = f"cosigned by {self.partners}" if self.level == "cosigned" else self.level
        found = verdict.evidence.worth
        there = f"cosigned by {len(verdict.evidence.partners)}" if found == "cosigned" else found
        words = f"the evidence is weaker than was asked for: {asked} was asked for, and it is {there}"
        verdict.add(NEED, words, grade="incomplete")


def _unstamped(evidence: Evidence) -> str:
    """Why nothing counts as stamped."""
    doubts = {one.doubt for one in evidence.stamped}
    if "not checked" in doubts:
        return "a time stamp was asked for; those here were not checked: give the authority's root certificate (--tsa-root)"
    if doubts:
        return "a time stamp was asked for, and none here leads to the certificate that was given"
    return "a time stamp was asked for, and there is none"
