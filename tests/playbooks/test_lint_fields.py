"""Lints of what is declared and never used."""

from __future__ import annotations

from tests.playbooks.linted import RULE, codes, problems

END = "    label: {tlp: green}\n"
PACT = "  pact: {title: River pact"
OTHER = "  other: {title: Another, between: [be, nl], purposes: [rescue]}\n"
CHANNEL = """channels:
  ops: {title: Operations, members: everyone, purpose: rescue, under: other, label: {tlp: green}}
"""


def test_an_agreement_that_nobody_names_is_told_at_its_key() -> None:
    """An agreement that neither a permit nor a channel names is found; either is enough to name it."""
    (problem,) = problems((PACT, OTHER + PACT))
    assert (problem.code, problem.line, problem.column, problem.severity) == ("agreement-never-named", 14, 3, "warning")
    assert "no permit and no channel names the agreement `other`" in problem.what
    permit = RULE + "  - {permit: [_report], to: everyone, purpose: rescue, under: other}\n"
    assert codes((PACT, OTHER + PACT), (RULE, permit)) == []
    assert "agreement-never-named" not in codes((PACT, OTHER + PACT), (END, END + CHANNEL))
