"""Every condition of the visibility rule counts: taken out of the code, or turned round, it is missed by a test.

What is not missed is listed here, each with the reason why it changes no answer. The list holds exactly these: a slip that comes
to be noticed must leave it, and one that is new must be shown by a test, or earn its place.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.bot.running import ROOT
from tests.playbooks.conditions import tries

STEP = 8 if os.environ.get("QUICK_TESTS") else 1
"""In the quick part of the checks every eighth slip is tried."""

_REMEMBERED = "what is remembered is worked out again, and is the same"
_STRANGERS = "who is no partner is told so (1), whatever was answered to another stranger"
_ASKED_ANYWAY = "a rule that is not settled beforehand is asked each time, and says the same"
_BY_NETWORK = "whom a rule means is worked out for each network, and is the same on both where no rule looks at it"

EQUIVALENT = {
    "sight.Question._agreements: permit.when is not None and permit.when.danger is True and permit.basis and "
    "self.circumst… → without self.circumstances.danger": "a permit for danger applies only while danger is declared",
    "sight.Question._means: ready.always is not None → never": _ASKED_ANYWAY,
    "sight.Question._means: rule.to.uses_event and field != event.place → without rule.to.uses_event": (
        "a selector that does not look at the area is not told where it is to any effect"
    ),
    "sight.Question.visible_areas: sees is None → always": _REMEMBERED,
    "sight.Question._alike: number is None or room.partner not in self.circumstances.active → always": _REMEMBERED,
    "sight.Question._alike: number is None or room.partner not in self.circumstances.active → without number is None": (
        _STRANGERS
    ),
    "sight.Question._alike: number is None → number is not None": _STRANGERS,
    "sight.Question._alike: room.partner not in self.circumstances.active → room.partner in self.circumstances.active": (
        "nothing is remembered for those who take part, and all who do not are told the same (1)"
    ),
    "sight.Question._decide: answer is None → always": _REMEMBERED,
    "sight.Question._decide: asked.depends_on_partners_alone → never": _REMEMBERED,
    "sight.Question._field: field not in self._asked → always": _REMEMBERED,
    "sight.coordinator_sees: field == '_delivery' and trust is not None and (spec is not None) and (spec.label.tlp <= … "
    "→ without spec is not None": "`_delivery` is built in: it is always declared",
    "answers.View.shape: not isinstance(answer, Seen) or value is None or spec is None → without value is None": (
        "no value has no form either"
    ),
    "rules.standing: ready is None → always": _REMEMBERED,
    "rules.rules_of: ready is None → always": _REMEMBERED,
    "rules.rules_of: rule.to not in whom → always": _REMEMBERED,
    "rules._always: '' → \"'\"": "a selector does not look at the phase",
    "rules._always: found and (not by_network) → never": _BY_NETWORK,
    "rules._settled: Lead() | Deputies() → Deputies()": "what no case names is not settled either",
    "rules._settled: Lead() | Deputies() → Lead()": "what no case names is not settled either",
    "rules._looks_at_network: False → True": _BY_NETWORK,
    "rules._looks_at_network: return term.network is not None or (term.not_ is not None and any(map(_looks_at_network, … "
    "→ return True": _BY_NETWORK,
    "rules._looks_at_network: term.not_ is not None and any(map(_looks_at_network, term.not_.terms)) → without "
    "any(map(_looks_at_network, term.not_.terms))": _BY_NETWORK,
    "selection.Event.areas: self.place → always": "an event without a place has no field of no name",
    "selection.might_match: 'met' → \"met'\"": "whatever is not `not met` is met",
    "selection._Asked._where: frozenset(term.area) - {'affected'} → frozenset(term.area)": (
        "no area can be called `affected`, so that nobody's ground is there"
    ),
    "selection._Asked._where: 'affected' → \"affected'\"": "no area can be called `affected`, so that nobody's ground is there",
}  # fmt: skip
"""What no test can miss, by name, and why."""


@pytest.mark.timeout(900)
def test_taking_any_condition_out_of_the_rule_is_noticed() -> None:
    """Each change of a condition, comparison, constant or refusal in sight, answers, rules and selection fails some test."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.playbooks.conditions", str(STEP)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    noticed = json.loads(run.stdout)
    tried = [one.name for one in tries()]
    assert set(noticed) == set(tried[::STEP]) and len(tried) > 400
    unnoticed = [name for name, by in noticed.items() if by is None and name not in EQUIVALENT]
    assert unnoticed == [], "no test notices these:\n" + "\n".join(unnoticed)
    stale = [name for name in EQUIVALENT if name not in tried or noticed.get(name) is not None]
    assert stale == [], "these are listed, and are not there or are noticed:\n" + "\n".join(stale)
