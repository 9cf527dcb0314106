"""What must hold of the rule of sight whatever people write: tried on generated playbooks, against a second rule.

Which test shows which property of the policy; those without a file are here:

=================================================  ====================================================================
an empty policy shows nothing                      test_an_empty_policy_shows_nothing
adding a forbid never widens                       test_a_forbid_never_widens
raising a label never widens                       test_a_higher_label_never_widens, test_raising_when_issuing_never_widens,
                                                   test_more_origins_never_widen
adding a permit never narrows                      test_a_permit_never_narrows
... and what hides an area opens nothing           test_what_hides_the_area_opens_nothing
order of rules and files is irrelevant             test_the_order_of_rules_is_irrelevant, test_the_order_of_sections_is_irrelevant
                                                   (a playbook is one file)
noninterference                                    test_what_is_hidden_decides_nothing; over whole crises, messages, counts
                                                   and buttons: tests/handlers/test_noninterference.py
joins; derived is at least as high as its inputs   test_labels_form_a_join_semilattice; of texts: test_cleared.py,
                                                   test_a_text_carries_the_join_of_what_it_shows_and_records_every_field
taking away every cited permit flips a yes         test_without_every_permit_that_could_be_cited_a_yes_becomes_a_no
diff(a, a) is empty, diff equals brute force       test_diff.py
through a channel ⊆ directly                       test_what_is_seen_through_a_channel_is_seen_directly
once expired, denied for ever                      test_once_expired_denied_for_ever
an exception in any predicate withholds            test_whatever_fails_withholds
... and tells the lead                             tests/handlers/test_alert.py,
                                                   test_a_rule_that_fails_withholds_and_the_lead_is_told
lint never crashes, its places lie in the file     test_lint.py, test_linting_never_fails_and_points_into_the_file
an export for P discloses exactly P's view         nothing is exported for one partner: an export is the whole log, for the
                                                   reader that the operator names (tests/storage/test_bundle.py)
a second implementation agrees                     test_sight_agrees_with_the_plain_rule; a million times: test_plain_rule.py
a second opinion of others agrees                  test_cedar.py
every condition of the rule counts                 test_every_condition_counts.py
=================================================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks import rules, selection, sight
from playbooks.labels import Label, Tlp, join
from playbooks.load import Book
from playbooks.mandate import leads
from playbooks.schema import Agreement, Permit
from playbooks.sight import Question, Room, Seen, Withheld, decide, label_of, view
from playbooks.values import FORMS
from tests.examples import examples
from tests.playbooks import plain_rule
from tests.playbooks.generated import (
    FIELDS,
    PURPOSES,
    TLPS,
    Scene,
    book_of,
    forbids,
    labels,
    permits,
    rooms_of,
    scenes,
    selectors,
    some,
)

ROOMS = rooms_of()
FEW = [room for room in ROOMS if room.ref.network == "telegram" or (room.encrypted and not room.world_readable)]
tried = settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def forms(scene: Scene, book: Book | None = None, rooms: list[Room] = FEW) -> dict[tuple[Room, str], str]:
    """What is seen where, by room and field."""
    book = book or scene.book
    found = {(room, field): decide(book, scene.so, scene.event, room, field) for room in rooms for field in FIELDS}
    return {key: answer.form for key, answer in found.items() if isinstance(answer, Seen)}


def within(less: Mapping[tuple[Room, str], str], more: Mapping[tuple[Room, str], str]) -> bool:
    """Whether everything in the one is seen in the other, as finely or more."""
    order = [form for each in FORMS.values() for form in each]
    return all(key in more and order.index(more[key]) <= order.index(form) for key, form in less.items())


def changed(scene: Scene, **sections: Any) -> Book:
    """The same playbook with other sections."""
    return book_of({**scene.data, **sections})


@settings(tried, max_examples=examples(250))
@given(scenes())
def test_sight_agrees_with_the_plain_rule(scene: Scene) -> None:
    """Every room of every partner sees each field in the form that the language page's own sentences give it."""
    question = Question(scene.book, scene.so, scene.event)
    for room in ROOMS:
        seen = question.view(room, FIELDS)
        for field in FIELDS:
            found = seen.shape(scene.book, field)
            wanted = plain_rule.finest(scene.book, scene.so, scene.event, room, field)
            assert (found[0].form if found else None) == wanted, (room, field, seen.answers[field])


@settings(tried, max_examples=examples(50))
@given(scenes())
def test_an_empty_policy_shows_nothing(scene: Scene) -> None:
    """Where no rule permits anything, nobody sees anything."""
    assert forms(scene, changed(scene, sharing=[]), ROOMS) == {}


@tried
@given(scenes(), forbids(), st.integers(0, 9))
def test_a_forbid_never_widens(scene: Scene, forbid: dict[str, Any], place: int) -> None:
    """With one more forbid, anywhere in the file, nobody sees more."""
    rules = list(scene.data["sharing"])
    rules.insert(min(place, len(rules)), forbid)
    assert within(forms(scene, changed(scene, sharing=rules)), forms(scene))


@tried
@given(scenes(), permits(), st.integers(0, 9))
def test_a_permit_never_narrows(scene: Scene, permit: dict[str, Any], place: int) -> None:
    """With one more permit, anywhere in the file, nobody sees less."""
    rules = list(scene.data["sharing"])
    rules.insert(min(place, len(rules)), permit)
    assert within(forms(scene), forms(scene, changed(scene, sharing=rules)))


@tried
@given(scenes(), st.data())
def test_a_higher_label_never_widens(scene: Scene, data: st.DataObject) -> None:
    """A field's own label, or a form's, raised in colour, compartments or person: nobody sees more of anything."""
    name = data.draw(st.sampled_from(FIELDS))
    fields = {key: dict(spec) for key, spec in scene.data["fields"].items()}
    own = fields[name].get("forms", {})
    form = data.draw(st.sampled_from([None, *own]))
    before = fields[name] if form is None else own[form]
    label = dict(before)
    label["tlp"] = data.draw(st.sampled_from(TLPS[TLPS.index(label["tlp"]) :]))
    label["compartments"] = sorted({*label.get("compartments", ()), *data.draw(st.sets(st.just("medical")))})
    label["personal"] = label.get("personal", False) or data.draw(st.booleans())
    if form is None:
        fields[name] = label
    else:
        fields[name] = {**fields[name], "forms": {**own, form: label}}
    assert within(forms(scene, changed(scene, fields=fields)), forms(scene))


@tried
@given(scenes(), st.sampled_from(TLPS))
def test_raising_when_issuing_never_widens(scene: Scene, raised: str) -> None:
    """A speaker who raises the colour shows nobody more, and one who tries to lower it changes nothing."""
    base = replace(scene, event=replace(scene.event, raised=None))
    higher = replace(scene, event=replace(scene.event, raised=raised))
    assert within(forms(higher), forms(base))
    for field in FIELDS:
        spec = scene.book.playbook.fields[field]
        for form in spec.all_forms:
            assert label_of(spec, form, higher.event).tlp >= label_of(spec, form, base.event).tlp


@tried
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_rules_is_irrelevant(scene: Scene, random: Any) -> None:
    """However the rules are shuffled, the same is seen."""
    rules = list(scene.data["sharing"])
    random.shuffle(rules)
    assert forms(scene, changed(scene, sharing=rules), ROOMS) == forms(scene, rooms=ROOMS)


@settings(tried, max_examples=examples(50))
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_sections_is_irrelevant(scene: Scene, random: Any) -> None:
    """In whichever order partners, fields, agreements and networks stand in the file, the same is seen."""
    data = {
        key: dict(random.sample(list(value.items()), len(value)))
        for key, value in scene.data.items()
        if isinstance(value, Mapping)
    }
    book = changed(scene, **data)
    so = replace(scene.so, leads=leads(book, scene.so.phase, scene.so.hazard))
    assert forms(replace(scene, so=so), book, ROOMS) == forms(scene, rooms=ROOMS)


@tried
@given(scenes(), forbids(), st.sampled_from(TLPS))
def test_what_hides_the_area_opens_nothing(scene: Scene, forbid: dict[str, Any], tlp: str) -> None:
    """The place forbidden, or its label raised: whoever loses the area sees no more of anything, whatever rules ask of it."""
    rules = [*scene.data["sharing"], {**forbid, "forbid": ["where"]}]
    assert within(forms(scene, changed(scene, sharing=rules)), forms(scene))
    where = scene.data["fields"]["where"]
    area = where.get("forms", {}).get("area", where)
    if TLPS.index(tlp) >= TLPS.index(area["tlp"]):
        fields = {**scene.data["fields"], "where": {**where, "forms": {"area": {**_label(area), "tlp": tlp}}}}
        assert within(forms(scene, changed(scene, fields=fields)), forms(scene))


def _label(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("tlp", "compartments", "personal") if key in entry}


@tried
@given(scenes(), labels, selectors, st.sampled_from(PURPOSES), some(("pact", "home"), 0))
def test_what_is_seen_through_a_channel_is_seen_directly(
    scene: Scene, label: dict[str, Any], members: Any, purpose: str, under: list[str]
) -> None:
    """Were the channel a field with its label, and membership a permit: what is said there reaches nobody else."""
    talk = {"title": "Talk", "members": members, "label": label, "purpose": purpose, "under": under}
    permit = {"permit": ["said"], "to": members, "purpose": purpose, "under": under}
    book = changed(
        scene,
        channels={"talk": talk},
        fields={**scene.data["fields"], "said": {"type": "text", **label}},
        sharing=[*scene.data["sharing"], permit],
    )
    question = Question(book, scene.so, scene.event)
    for room in ROOMS:
        through, directly = question.decide(room, "#talk"), question.decide(room, "said")
        assert isinstance(directly, Seen) or not isinstance(through, Seen)


PREDICATES = (
    (sight, "_holds"), (sight, "covers"), (sight, "matches"), (sight, "might_match"), (sight, "local_time"),
    (sight.Question, "_means"), (sight.Question, "_agreements"), (sight.Question, "_joins"), (rules, "matches"),
    (rules, "_settled"), (selection, "ground"), (selection, "near"), (selection.Circumstances, "lead_for"),
    (Agreement, "joins"), (Agreement, "in_force"),
)  # fmt: skip
"""Whatever a rule of the file asks to know whether it applies."""


@tried
@given(scenes(), st.sampled_from(PREDICATES), st.sampled_from((KeyError, RuntimeError, RecursionError)))
def test_whatever_fails_withholds(scene: Scene, predicate: tuple[object, str], error: type[Exception]) -> None:
    """With any predicate of the rules raising, nobody sees more, nothing is raised, and a no for its sake says so."""

    def fail(*_: object) -> bool:
        raise error("broken")

    usual = forms(scene)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*predicate, fail)
        book = changed(scene)
        found = {(room, field): decide(book, scene.so, scene.event, room, field) for room in FEW for field in FIELDS}
    seen = {key: answer.form for key, answer in found.items() if isinstance(answer, Seen)}
    assert within(seen, usual)
    failed = [answer for answer in found.values() if isinstance(answer, Withheld) and answer.why == "rule-failed"]
    assert all(answer.detail == error.__name__ and answer.line > 0 for answer in failed)


@tried
@given(scenes())
def test_without_every_permit_that_could_be_cited_a_yes_becomes_a_no(scene: Scene) -> None:
    """Take away what a yes cites, again and again: each time it was a permit, and in the end it is withheld."""
    yes = next(iter(forms(scene)), None)
    if yes is None:
        return
    room, field = yes
    left = list(scene.data["sharing"])
    for _ in range(len(left) + 1):
        book = changed(scene, sharing=left)
        answer = decide(book, scene.so, scene.event, room, field)
        if not isinstance(answer, Seen):
            break
        lines = [book.line("sharing", index) for index in range(len(left))]
        cited = book.playbook.sharing[lines.index(answer.line)]
        assert isinstance(cited, Permit) and field in cited.permit
        assert set(answer.agreements) <= set(cited.under)
        del left[lines.index(answer.line)]
    else:
        raise AssertionError("what is cited can be taken away, and still it is seen")


@tried
@given(scenes(), st.integers(0, 10**6))
def test_once_expired_denied_for_ever(scene: Scene, seconds: int) -> None:
    """From the instant of expiry on, at any time, nobody sees anything."""
    event = replace(scene.event, expires=scene.so.now)
    later = replace(scene.so, now=scene.so.now + timedelta(seconds=seconds))
    assert forms(replace(scene, event=event, so=later), rooms=ROOMS) == {}


@tried
@given(scenes())
def test_more_origins_never_widen(scene: Scene) -> None:
    """What quotes a further country is shown to nobody who did not see it without."""
    more = replace(scene.event, origins=scene.event.origins | {"be", "nl", "de"})
    assert within(forms(replace(scene, event=more)), forms(scene))


@tried
@given(scenes(), st.data())
def test_what_is_hidden_decides_nothing(scene: Scene, data: st.DataObject) -> None:
    """Other values, or none, in the fields that a room does not see: its answers, reasons included, stay the same."""
    other = data.draw(scenes().map(lambda drawn: drawn.event.fields))
    for room in FEW:
        before = view(scene.book, scene.so, scene.event, room, FIELDS)
        hidden = {field for field in FIELDS if not isinstance(before.answers[field], Seen)}
        fields = {name: other[name] if name in hidden else value for name, value in scene.event.fields.items()}
        after = view(scene.book, scene.so, replace(scene.event, fields=fields), room, FIELDS)
        assert after.answers == before.answers
        assert all(after.shape(scene.book, name) == before.shape(scene.book, name) for name in FIELDS)


a_label = st.builds(
    Label,
    st.sampled_from(list(Tlp)),
    st.frozensets(st.sampled_from("abc")),
    st.booleans(),
    st.frozensets(st.sampled_from(("be", "nl", "de"))),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
"""Any label."""


def at_least(high: Label, low: Label) -> bool:
    """Whether one label is as strict as another in each part."""
    return (
        high.tlp >= low.tlp
        and high.compartments >= low.compartments
        and high.personal >= low.personal
        and high.origins >= low.origins
        and (low.expires is None or (high.expires is not None and high.expires <= low.expires))
    )


@settings(max_examples=examples(200))
@given(a_label, a_label, a_label)
def test_labels_form_a_join_semilattice(a: Label, b: Label, c: Label) -> None:
    """The join is associative, commutative, idempotent, monotone, and never lower than what went into it."""
    assert a.join(b) == b.join(a)
    assert a.join(b.join(c)) == a.join(b).join(c) == join([c, a, b])
    assert a.join(a) == a == join([a])
    assert at_least(a.join(b), a) and at_least(a.join(b), b)
    assert at_least(a.join(b).join(c), a.join(c))
