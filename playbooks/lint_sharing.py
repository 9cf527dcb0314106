"""Lints of the sharing rules: those that can show nothing to anybody, and those that take nothing from anybody.

Each is found by asking the rule of sight itself, with this rule alone or with and without it, in all that is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from playbooks.examined import Examined, named
from playbooks.labels import Tlp
from playbooks.possible import Version, furthest
from playbooks.problems import Problem
from playbooks.rules import named as fields_of
from playbooks.schema import EVERYONE, FieldSpec, Forbid, Permit, Rule
from playbooks.schema_words import quoted
from playbooks.sight import Seen, Withheld
from playbooks.values import FORMS
from playbooks.whom import Whom


def without_danger(x: Examined) -> Iterator[Problem]:
    """Rules for declared danger, where nobody may declare it."""
    for index, rule in enumerate(x.book.playbook.sharing):
        if _waits_in_vain(x, rule):
            what = "this rule waits for danger to be declared, and nobody may declare it"
            fix = "say who may, with `danger: {by: lead, lasts: 2h}`, or leave `danger` out here"
            yield x.problem("rule-never-applies", ("sharing", index, "when", "danger"), what, fix)


def ill_fitting_form(x: Examined) -> Iterator[Problem]:
    """A form that a field of the rule does not have: for that field the rule can never apply."""
    for index, rule in enumerate(x.book.playbook.sharing):
        if not isinstance(rule, Permit) or rule.as_ is None:
            continue
        without = [name for name in rule.permit if not _fits(x, rule, name)]
        for place, name in enumerate(rule.permit):
            spec = x.book.playbook.field(name)
            if spec is None or name not in without:
                continue
            what = (
                f"as {quoted(rule.as_)}, this rule shows nothing of {quoted(name)}: {_has_no_such_form(spec, rule.as_)}"
            )
            if without == list(rule.permit):
                yield x.problem("rule-never-applies", ("sharing", index, "as"), what, _forms_of(spec))
                break
            fix = f"permit {quoted(name)} by a rule of its own"
            yield x.problem("rule-never-applies", ("sharing", index, "permit", place), what, fix)


def _has_no_such_form(spec: FieldSpec, form: str) -> str:
    if form == "range" and spec.type == "number":
        return "it has no ranges"
    return f"it is a {spec.type}"


def _forms_of(spec: FieldSpec) -> str:
    if spec.type == "number" and not spec.ranges:
        return "give the field `ranges: [1, 10, 50]`, or leave `as` out"
    coarser = spec.all_forms[1:]
    return f"write `as: {coarser[0]}`, or leave it out" if coarser else "leave `as` out"


def personal_without_agreement(x: Examined) -> Iterator[Problem]:
    """Personal data are shared, even at home, under an agreement or for danger on a stated basis; else not at all."""
    for index, rule in enumerate(x.book.playbook.sharing):
        if not isinstance(rule, Permit) or _waits_in_vain(x, rule):
            continue
        for place, name in enumerate(rule.permit):
            if _fits(x, rule, name) and _lacks_agreement(x, rule, name):
                what = f"{quoted(name)} is personal, and this rule names no agreement: it shows it to nobody, not even at home"
                fix = "name one with `under:` (at home one `between: [be, be]`), or write `when: {danger: true}` and the `basis`"
                yield x.problem("personal-without-agreement", ("sharing", index, "permit", place), what, fix)


def _lacks_agreement(x: Examined, rule: Permit, name: str) -> bool:
    spec = x.book.playbook.field(name)
    if spec is None or not spec.personal or rule.under:
        return False
    if rule.when is not None and rule.when.danger and rule.basis:
        return False
    labels = [spec.label_of(form) for form in _forms_within(spec, rule)]
    return all(label.personal or label.tlp is not Tlp.CLEAR for label in labels)


def shows_nothing(x: Examined) -> Iterator[Problem]:
    """A permit that, alone and in whatever circumstances, shows a field to nobody of those whom it means."""
    for index, rule in enumerate(x.book.playbook.sharing):
        if not isinstance(rule, Permit) or _waits_in_vain(x, rule):
            continue
        found: dict[str, list[tuple[int, str, Withheld]]] = {}
        by_place: list[tuple[int, str]] = []
        for place, name in enumerate(rule.permit):
            if (
                not _fits(x, rule, name)
                or _lacks_agreement(x, rule, name)
                or _ever_seen(x, _alone(x, rule, name), name)
            ):
                continue
            obstacle = _obstacle(x, rule, name)
            if obstacle is not None:
                found.setdefault(obstacle.why, []).append((place, name, obstacle))
            elif rule.to.uses_event and _means_somebody(x, index, rule):
                by_place.append((place, name))
        for why, fields in found.items():
            place, _, obstacle = fields[0]
            what, fix = _why_never(x, rule, named(name for _, name, _ in fields), obstacle)
            at = ("under",) if why == "agreement" and rule.under else ("permit", place)
            yield x.problem("rule-never-applies", ("sharing", index, *at), what, fix)
        for place, name in by_place:
            what = f"this rule shows {quoted(name)} to nobody: {_looking(x, name)}"
            fix = "permit the place to them by a rule without `affected`, if only `as: area`"
            yield x.problem("rule-never-applies", ("sharing", index, "permit", place), what, fix)


def _looking(x: Examined, name: str) -> str:
    """Why a rule that looks at where something is means nobody."""
    spec = x.book.playbook.field(name)
    if spec is not None and spec.type == "place":
        return "who may know where it is cannot depend on where it is (`affected`)"
    return "it means those affected, and none of them may see where it is"


def _why_never(x: Examined, rule: Permit, fields: str, obstacle: Withheld) -> tuple[str, str]:
    """What stands in the way for a partner that is as near to seeing it as any, and the way out."""
    shown = f"this rule shows {fields} to nobody"
    match obstacle.why:
        case "clearance":
            not_cleared = f"nobody whom it means is cleared for what is {obstacle.detail}"
            fix = "permit a coarser form, lower the field's label, or leave it out here"
            return f"{shown}: {not_cleared}", fix
        case "compartment":
            lacking = f"none of those it means has the compartment {quoted(obstacle.detail)}"
            return (
                f"{shown}: {lacking}",
                "add it to their `clearance`, permit a coarser form, or leave the field out here",
            )
        case "ceiling":
            low = f"no network on which those it means have rooms may carry what is {obstacle.detail}"
            return f"{shown}: {low}", "raise its `ceiling`, give them an encrypted room, or permit a coarser form"
        case _:
            origin, _, to = obstacle.detail.partition("→")
            none = f"no agreement that it names lets it pass from {quoted(origin)} to {quoted(to)}"
            if rule.purpose is not None and rule.under:
                none += f" for {rule.purpose}"
            return f"{shown}: {none}", "name an agreement between them under `under`, or leave the rule out"


def _obstacle(x: Examined, rule: Permit, name: str) -> Withheld | None:
    """The furthest that the field comes to anybody whom the rule means, in its coarsest form. None where it means nobody."""
    spec = x.book.playbook.field(name)
    assert spec is not None
    label = spec.label_of(spec.all_forms[-1])
    coarsest = spec.model_copy(
        update={"tlp": label.tlp, "compartments": tuple(sorted(label.compartments)), "forms": {}}
    )
    if_clear = coarsest.model_copy(update={"tlp": Tlp.CLEAR, "compartments": (), "personal": False})
    only = rule.model_copy(update={"as_": None})
    versions = [Version(_alone(x, only, name), {name: one}) for one in (if_clear, coarsest)]
    return furthest(answer for _, (meant, answer) in x.possible.answers(versions, name) if isinstance(meant, Seen))


def agreement_never_carries(x: Examined) -> Iterator[Problem]:
    """An agreement under a permit that carries nothing for it: not for its purpose, or not to those whom it means."""
    playbook, possible = x.book.playbook, x.possible
    origins = frozenset(who.jurisdiction for who in playbook.partners.values())
    for index, rule in enumerate(playbook.sharing):
        if not isinstance(rule, Permit) or not rule.under:
            continue
        to = frozenset(
            playbook.partners[name].jurisdiction
            for name in possible.meant(Whom(("sharing", index, "to"), rule.to, "of a room"))
        )
        for place, name in enumerate(rule.under):
            agreement = playbook.agreements[name]
            if rule.purpose not in agreement.purposes:
                what = f"{quoted(name)} is not for {quoted(rule.purpose)}: under it this rule carries nothing"
                fix = f"its purposes are {named(agreement.purposes)}: take one as `purpose`, or another agreement"
                yield x.problem("agreement-never-carries", ("sharing", index, "under", place), what, fix)
                continue
            if to and not any(agreement.joins(one, other) for one in origins for other in to):
                what = f"{quoted(name)} joins no two jurisdictions between which this rule shares anything"
                fix = f"it is between {named(agreement.between)}: name one that reaches those whom the rule means"
                yield x.problem("agreement-never-carries", ("sharing", index, "under", place), what, fix)


def empty_when(x: Examined) -> Iterator[Problem]:
    """A condition that says nothing, and so always holds."""
    for index, rule in enumerate(x.book.playbook.sharing):
        if rule.when is not None and not rule.when.model_fields_set:
            what = "this `when` has no condition, so the rule always applies"
            yield x.problem_of_key("empty-when", ("sharing", index, "when"), what, "say when, or leave the key out")


def shadowed(x: Examined) -> Iterator[Problem]:
    """A permit that would show something, and of which a forbid leaves nothing."""
    for index, rule in enumerate(x.book.playbook.sharing):
        if not isinstance(rule, Permit):
            continue
        for place, name in enumerate(rule.permit):
            against = [
                (at, forbid)
                for at, forbid in enumerate(x.book.playbook.sharing)
                if isinstance(forbid, Forbid) and name in forbid.forbid
            ]
            alone = _alone(x, rule, name)
            forbids = tuple(forbid for _, forbid in against)
            if not against or _ever_seen(x, (*alone, *forbids), name) or not _ever_seen(x, alone, name):
                continue
            enough = next((at for at, forbid in against if not _ever_seen(x, (*alone, forbid), name)), against[0][0])
            what = f"of {quoted(name)} this rule never shows anything: the forbid on line {x.book.line('sharing', enough)} takes all"
            fix = "narrow the forbid, or leave the field out here"
            yield x.problem("permit-shadowed", ("sharing", index, "permit", place), what, fix)


def without_effect(x: Examined) -> Iterator[Problem]:
    """A forbid that would take nothing from anybody even if all its fields were permitted to everyone.

    A forbid that takes nothing only because no rule permits it today is a guard, and stays out of this; so does one that guards
    but some of its fields: the others are a second lock on the same door, and may well be meant.
    """
    sharing = x.book.playbook.sharing
    for index, rule in enumerate(sharing):
        if not isinstance(rule, Forbid) or _waits_in_vain(x, rule) or not _means_somebody(x, index, rule):
            continue
        above = tuple(one for one in sharing[:index] if isinstance(one, Forbid))
        if any(_guards(x, above, rule, name) for name in rule.forbid):
            continue
        what = f"this rule takes {named(rule.forbid)} from nobody: "
        if any(_guards(x, (), rule, name) for name in rule.forbid):
            what += "a forbid above it does already"
        else:
            what += "whom it means could not see it even if it were permitted"
        fix = "leave it out, or forbid what they could see"
        yield x.problem("forbid-without-effect", ("sharing", index, "forbid", 0), what, fix)


def _means_somebody(x: Examined, index: int, rule: Rule) -> bool:
    return x.possible.means_somebody(Whom(("sharing", index, "to"), rule.to, "of a room"))


def _guards(x: Examined, above: tuple[Rule, ...], rule: Forbid, name: str) -> bool:
    """Whether a forbid takes a field from anybody, below other forbids, if the field and all places are permitted to everyone."""
    spec = x.book.playbook.field(name)
    if spec is None:
        return False
    places = tuple(other for other, one in x.book.playbook.fields.items() if one.type == "place")
    permitted = Permit(permit=tuple(dict.fromkeys((name, *places))), to=EVERYONE)
    # What is personal needs an agreement even at home; here all agreements are taken to be there.
    fields = {name: spec.model_copy(update={"personal": False})}
    versions = [Version((permitted, *rules), fields) for rules in (above, (*above, rule))]
    return any(
        isinstance(without, Seen) and not isinstance(with_it, Seen)
        for _, (without, with_it) in x.possible.answers(versions, name)
    )


def _waits_in_vain(x: Examined, rule: Rule) -> bool:
    return rule.when is not None and rule.when.danger is True and x.book.playbook.danger is None


def _forms_within(spec: FieldSpec, rule: Permit) -> tuple[str, ...]:
    """The forms of a field that a rule permits."""
    forms = FORMS[spec.type]
    if rule.as_ is None:
        return spec.all_forms
    return tuple(form for form in spec.all_forms if rule.as_ in forms and forms.index(form) >= forms.index(rule.as_))


def _fits(x: Examined, rule: Permit, name: str) -> bool:
    spec = x.book.playbook.field(name)
    return spec is not None and bool(_forms_within(spec, rule))


def _ever_seen(x: Examined, rules: tuple[Rule, ...], name: str) -> bool:
    return any(isinstance(answer, Seen) for _, (answer,) in x.possible.answers([Version(rules)], name))


def _alone(x: Examined, rule: Permit, name: str) -> tuple[Rule, ...]:
    """This rule for this field alone; and what all rules say of places, if it looks at where something is."""
    only: Rule = rule.model_copy(update={"permit": (name,)})
    if not rule.to.uses_event:
        return (only,)
    playbook = x.book.playbook
    places = {other for other, spec in playbook.fields.items() if spec.type == "place" and other != name}
    return (only, *(left for one in playbook.sharing if (left := _about(one, places)) is not None))


def _about(rule: Rule, names: Collection[str]) -> Rule | None:
    """What a rule says of these fields."""
    left = tuple(name for name in fields_of(rule) if name in names)
    return rule.model_copy(update={"permit" if isinstance(rule, Permit) else "forbid": left}) if left else None
