"""What no test notices is found, with a place where it shows; what changes nothing is told apart; what is proposed catches."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from itertools import product
from pathlib import Path

import pytest

import playbooks
from playbooks.asked import said_by
from playbooks.assertions import holds, run
from playbooks.audience import audience
from playbooks.load import Book, load
from playbooks.mandate import Mandated, may_issue
from playbooks.mutants import Mutant, mutants
from playbooks.proposals import proposal, proposals
from playbooks.schema import BUILT_IN
from playbooks.sight import Seen
from playbooks.supposing import Supposition, question, rooms
from playbooks.survivors import survey
from playbooks.witnesses import Everywhere
from tests.playbooks.border import BOOK, BRUSSELS, NOON, border
from tests.playbooks.test_assertions import CITY, asserting

BY_PLACE = border(
    (
        "  - {permit: [what], to: {jurisdiction: be}, purpose: life-safety}\n",
        """\
  - {permit: [what], to: {area: affected, not: {kind: ngo}}, purpose: life-safety}
  - {permit: [_note, _title], to: [lead, deputies], purpose: life-safety, when: {phase: response}}
""",
    ),
)
"""The border with a rule that looks at the place, and rules for what is said."""
MEUSE = load(Path(playbooks.__file__).parent / "library" / "meuse-flood.yaml")


@pytest.mark.parametrize("book", [BOOK, BY_PLACE], ids=["border", "by place"])
def test_where_no_witness_is_found_nothing_differs(book: Book) -> None:
    """A mutant that is called equivalent answers as the book does in circumstances drawn from all there are, without any
    of the shortcuts by which the witness was sought."""
    everywhere = Everywhere(book, NOON)
    equivalent = [one for one in mutants(book) if everywhere.witness(one) is None]
    assert len(equivalent) > 5
    circumstances = possible(book)
    draw = random.Random(50611)
    for mutant in equivalent:
        for supposed in draw.sample(circumstances, 12):
            assert everything(book, supposed) == everything(mutant.book, supposed), (mutant.change, supposed)


@pytest.mark.parametrize("book", [BOOK, BY_PLACE], ids=["border", "by place"])
def test_a_witness_is_a_difference(book: Book) -> None:
    """Where a witness is found, the book and the mutant do answer differently there."""
    everywhere = Everywhere(book, NOON)
    found = [(one, witness) for one in mutants(book) if (witness := everywhere.witness(one)) is not None]
    assert len(found) > 20
    for mutant, witness in found:
        assert everything(book, witness.supposed) != everything(mutant.book, witness.supposed), mutant.change


def possible(book: Book) -> list[Supposition]:
    """Everything that may be supposed of a book's alerts, as somebody issues them who ever could."""
    playbook = book.playbook
    times = [NOON, *(datetime(year, month, 1, tzinfo=BRUSSELS) for year, month in ((2026, 7), (2030, 1)))]
    found: list[Supposition] = []
    for alert, origin, phase, at, area, danger, hazard in product(
        playbook.alerts, playbook.partners, playbook.phases, times, playbook.areas, (False, True), playbook.hazards
    ):
        supposed = Supposition(alert, origin, phase, at, area, danger=danger, hazard=hazard)
        asked = question(book, supposed)
        where = asked.event.fields.get(asked.event.place or "")
        if isinstance(may_issue(book, asked.circumstances, alert, origin, where), Mandated):  # type: ignore[arg-type]
            found.append(supposed)
    return found


def everything(book: Book, supposed: Supposition) -> object:
    """All that a test could ask there: who may issue, and what every room is shown of the alert and of what is said."""
    asked, said = question(book, supposed), said_by(book, supposed)
    own = {partner: rooms(book, supposed, partner) for partner in book.playbook.partners}
    shown = {
        (partner, one.view.room): {n: f[0].form for n in one.view.answers if (f := one.view.shape(book, n))}
        for partner, to in audience(asked, supposed.alert, own).addressees.items()
        for one in (to.rooms if to.status == "shown" else ())
    }
    heard = {
        (partner, room, name): answer.form
        for partner in book.playbook.partners
        for room in rooms(book, supposed, partner)
        for name in BUILT_IN
        if isinstance(answer := said.decide(room, name), Seen)
    }
    place = asked.event.fields.get(asked.event.place or "")
    issuers = [
        name
        for name in book.playbook.partners
        if isinstance(may_issue(book, asked.circumstances, supposed.alert, name, place), Mandated)  # type: ignore[arg-type]
    ]
    return shown, heard, issuers


def test_a_test_catches_the_slips_that_it_notices_and_no_others() -> None:
    """With one test, what it would notice is caught; the rest is equivalent or survives; nothing is counted twice."""
    book = asserting(f"{CITY}, sees: {{aid: {{action: exact, what: exact, where: area}}}}")
    found = survey(book, run(book, NOON), NOON)
    caught = [one.change for one in found.caught]
    assert "aid cleared for amber instead of green" not in caught  # it gets the area, and no more, by `as: area`
    for change in (
        "without this permit of `action` to everyone",
        "without this permit of `what` to {jurisdiction: be}",
        "without this permit of `where` to {kind: ngo}",
    ):
        assert change in caught
    everyone = [*found.caught, *found.equivalent, *(one.mutant for one in found.survivors)]
    assert sorted(one.change for one in everyone) == sorted(one.change for one in mutants(book))


def test_a_test_that_does_not_hold_catches_nothing() -> None:
    """It would otherwise catch everything."""
    book = asserting(f"{CITY}, sees: {{aid: {{}}}}")
    found = survey(book, run(book, NOON), NOON)
    assert found.caught == ()
    assert found.survivors


def test_a_rule_that_may_go_without_changing_anything_is_told_apart() -> None:
    """A permit that another permit makes idle; not the one that does the work."""
    idle = ("  - {permit: [secret]", "  - {permit: [action], to: aid, purpose: life-safety}\n  - {permit: [secret]")
    book = asserting(f"{CITY}, sees: {{aid: {{action: exact, what: exact, where: area}}}}", then=(idle,))
    assert survey(book, run(book, NOON), NOON).without_effect == {6}


@pytest.mark.parametrize("book", [BOOK, BY_PLACE, MEUSE], ids=["border", "by place", "meuse"])
def test_every_proposal_is_true_today_and_catches_what_it_is_proposed_for(book: Book) -> None:
    """Of a playbook without tests: each survivor has a proposal that holds of the book and not of the mutant."""
    now = NOON
    found = survey(book, (), now)
    assert len(found.survivors) > 20
    for one in found.survivors:
        test = proposal(book, one, now)
        assert holds(book, test, now), test
        assert not holds(one.mutant.book, test, now), (one.mutant.change, test)
    proposed = proposals(book, found.survivors, now)
    assert sum(len(one.catches) for one in proposed) == len(found.survivors) > len(proposed)


def test_the_past_is_nobodys_to_test_and_the_future_is() -> None:
    """That an agreement began earlier matters to no alert from now on; that it never ends does, and is asserted after its end."""
    found = survey(BOOK, (), NOON)
    assert "pact without its beginning, 2021-01-01" in [one.change for one in found.equivalent]
    [ends] = [one for one in found.survivors if one.mutant.change.startswith("pact without its end")]
    assert ends.witness.supposed.at == datetime(2026, 7, 1, tzinfo=BRUSSELS)
    before = survey(BOOK, (), datetime(2020, 6, 1, tzinfo=BRUSSELS))
    assert "pact without its beginning, 2021-01-01" in [one.mutant.change for one in before.survivors]


def test_where_danger_cannot_be_declared_what_holds_in_danger_changes_nothing() -> None:
    """A playbook without `danger` has nobody to declare it: who may issue in danger is then no matter."""

    def in_danger(book: Book) -> list[Mutant]:
        return [one for one in survey(book, (), NOON).equivalent if "issued in danger" in one.change]

    assert in_danger(BOOK) == []
    assert len(in_danger(border(("danger: {by: lead, lasts: 2h, tell: [city]}\n", "")))) == 1


def test_a_witness_is_over_one_network_and_what_is_proposed_only_where_it_must_be() -> None:
    """A form that another room has anyway is asserted of the one network; else no network is named."""
    found = survey(BOOK, (), NOON)
    forbid = next(one for one in found.survivors if one.mutant.change.startswith("without this forbid"))
    assert forbid.witness.supposed.network == "telegram"
    assert proposal(BOOK, forbid, NOON).given.network == "telegram"
    action = next(one for one in found.survivors if one.mutant.change.startswith("without this permit of `action`"))
    assert proposal(BOOK, action, NOON).given.network is None
    again = replace(
        action, witness=replace(action.witness, supposed=replace(action.witness.supposed, network="matrix"))
    )
    assert proposal(BOOK, again, NOON).given.network is None
