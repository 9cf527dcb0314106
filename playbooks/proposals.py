"""For every slip that no test notices, a test that would: true of the playbook as it is, and no longer true after the slip.

Whether it is also what the partners meant is theirs to say; that is why it is proposed and not written down for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from playbooks.asked import Asked
from playbooks.assertions import holds
from playbooks.load import Book
from playbooks.schema import BUILT_IN, Expectation, Given, Permit
from playbooks.schema_tests import SeenAs
from playbooks.survivors import Survivor
from playbooks.witnesses import Witness


@dataclass(frozen=True, slots=True)
class Proposal:
    """A test, and all the survivors that it would catch."""

    test: Expectation
    catches: tuple[Survivor, ...]


def proposals(book: Book, survivors: Iterable[Survivor], now: datetime) -> tuple[Proposal, ...]:
    """As few tests as come easily: a survivor that an earlier proposal catches gets none of its own."""
    found: list[Proposal] = []
    for survivor in survivors:
        for index, one in enumerate(found):
            if not holds(survivor.mutant.book, one.test, now):
                found[index] = replace(one, catches=(*one.catches, survivor))
                break
        else:
            found.append(Proposal(proposal(book, survivor, now), (survivor,)))
    return tuple(found)


def proposal(book: Book, survivor: Survivor, now: datetime) -> Expectation:
    """The test for one survivor, asked over one network only where it must be."""
    witness = survivor.witness
    for network in (None, witness.supposed.network):
        given = _given(book, witness, now).model_copy(update={"network": network})
        test = _filled(book, witness, given, now)
        if not holds(survivor.mutant.book, test, now):
            break
    return test


def _given(book: Book, witness: Witness, now: datetime) -> Given:
    supposed, playbook = witness.supposed, book.playbook
    at = None
    if supposed.at != now:
        at = supposed.at.astimezone(playbook.timezone).replace(tzinfo=None)
    return Given(
        from_=supposed.origin,
        phase=supposed.phase,
        area=supposed.area,
        encrypted=True if supposed.encrypted else None,
        at=at,
        danger=supposed.danger,
        hazard=supposed.hazard if playbook.hazards[:1] != (supposed.hazard,) else None,
    )


def _filled(book: Book, witness: Witness, given: Given, now: datetime) -> Expectation:
    """The test with what the rule says of the playbook as it is."""
    alert, partner = witness.supposed.alert, witness.partner
    if witness.before is None or witness.after is None:
        name = f"Who may issue {alert}"
        return Expectation(name=name, alert=alert, given=given, may_issue=witness.issuers)
    wanted = [field for field in BUILT_IN if field in witness.before or field in witness.after]
    # One test serves for all that is said: the built-in fields that this playbook shares with anybody.
    shared = {field for rule in book.playbook.sharing if isinstance(rule, Permit) for field in rule.permit}
    said: dict[str, SeenAs] = {field: "withheld" for field in BUILT_IN if wanted and field in shared | {*wanted}}
    asked = Asked(book, Expectation(name="-", alert=alert, given=given, sees={partner: said}), now)
    sees: dict[str, Any] = {
        partner: {**asked.forms(partner), **{f: asked.forms(partner).get(f, said[f]) for f in said}}
    }
    of = "what is said" if said else alert
    return Expectation(name=f"What {partner} sees of {of}", alert=alert, given=given, sees=sees)
