"""Every way in which a playbook could be a little more open, or a rule lost, by a slip of the pen: each is a book of its own.

A test suite that does not notice such a slip does not protect what was agreed (``survivors`` asks). These are made, each alone:

- of ``sharing``: a field dropped from a permit or a forbid (the rule removed, where it names one field); a permit meant for
  everyone, without its ``as``, without each key of its ``when``, and without each agreement that it is ``under``;
- of ``fields``: the level of a field or of a form one lower, a compartment dropped, what is personal not personal;
- of ``networks``: each ceiling one higher; of ``agreements``: without their end, and without their beginning;
- of ``partners``: cleared one level higher, and cleared for a compartment that some field has and it lacks;
- of ``alerts``: ``by`` and the ``by`` of ``in_danger`` meaning everyone, ``in_danger`` without danger, ``to`` meaning everyone.

Not made, because no test can speak of it (who may activate, or declare danger; check-ins, channels, duties), or because it opens
nothing and takes no rule away (a label raised, a forbid widened, a field no longer required, another partner in the lead).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from playbooks.labels import Label, Tlp
from playbooks.load import Book
from playbooks.schema import (
    BUILT_IN,
    EVERYONE,
    Deputies,
    Everyone,
    FieldSpec,
    Forbid,
    FormLabel,
    Lead,
    Matching,
    One,
    Permit,
    Rule,
    Selector,
    Term,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A book with one change: at ``path`` of the playbook it was made from, said in ``change``.

    ``fields`` are those whose sight it may change (of other fields only where a rule looks at the place), ``alerts`` those whose receivers or (where ``issuing``) issuers it may
    change, ``partners`` those for whom (None: any). ``rule`` is the place in ``sharing`` of the rule that it changes.
    """

    book: Book
    path: tuple[str | int, ...]
    change: str
    fields: frozenset[str] = frozenset()
    alerts: frozenset[str] = frozenset()
    partners: frozenset[str] | None = None
    issuing: bool = False
    rule: int | None = None

    def concerns(self, alert: str, fields: Iterable[str]) -> bool:
        """Whether it may change anything about this alert, or about one of these fields."""
        return alert in self.alerts or not self.fields.isdisjoint(fields)


def mutants(book: Book) -> tuple[Mutant, ...]:
    """Every mutant of a book, in the order of the sections of the language."""
    made = (_networks, _agreements, _partners, _fields, _sharing, _alerts)
    return tuple(mutant for section in made for mutant in section(book))


def _with(book: Book, **sections: object) -> Book:
    """A book with these sections of its playbook; nothing that was worked out for the old one is known of it."""
    return replace(book, playbook=book.playbook.model_copy(update=sections))


def _entry(book: Book, section: str, name: str, **parts: object) -> Book:
    """A book in which one entry of a section has these parts."""
    entries: Mapping[str, Any] = getattr(book.playbook, section)
    return _with(book, **{section: {**entries, name: entries[name].model_copy(update=parts)}})


# --- networks, agreements, partners -----------------------------------------------------------------------------------


def _networks(book: Book) -> Iterable[Mutant]:
    for name, trust in book.playbook.networks.items():
        for key, level in (("ceiling", trust.ceiling), ("encrypted", trust.encrypted)):
            if level is None or level is Tlp.RED:
                continue
            higher = Tlp(level + 1)
            rooms = f"encrypted rooms on {name}" if key == "encrypted" else name
            change = f"{rooms} trusted with {higher.word} instead of {level.word}"
            changed = _entry(book, "networks", name, **{key: higher})
            yield Mutant(changed, ("networks", name, key), change, _labelled(book, higher))


def _agreements(book: Book) -> Iterable[Mutant]:
    for name, agreement in book.playbook.agreements.items():
        carries = {
            f for rule in book.playbook.sharing if isinstance(rule, Permit) and name in rule.under for f in rule.permit
        }
        for key, day, change in (
            ("until", agreement.until, "without its end"),
            ("from", agreement.from_, "without its beginning"),
        ):
            if day is not None:
                changed = _entry(book, "agreements", name, **{"from_" if key == "from" else key: None})
                words = f"{name} {change}, {day}"
                yield Mutant(changed, ("agreements", name, key), words, frozenset(carries))


def _partners(book: Book) -> Iterable[Mutant]:
    labels = [label for found in _labels(book).values() for label in found]
    compartments = sorted(frozenset[str]().union(*(label.compartments for label in labels)))
    for name, partner in book.playbook.partners.items():
        path, only = ("partners", name, "clearance"), frozenset({name})
        clearance = partner.clearance
        if clearance.tlp is not Tlp.RED:
            higher = Tlp(clearance.tlp + 1)
            changed = _entry(book, "partners", name, clearance=clearance.model_copy(update={"tlp": higher}))
            change = f"{name} cleared for {higher.word} instead of {clearance.tlp.word}"
            yield Mutant(changed, (*path, "tlp"), change, _labelled(book, higher), partners=only)
        for compartment in compartments:
            if compartment not in clearance.compartments:
                more = clearance.model_copy(update={"compartments": (*clearance.compartments, compartment)})
                changed = _entry(book, "partners", name, clearance=more)
                change = f"{name} cleared for the compartment {compartment}"
                inside = _labelled(book, compartment)
                yield Mutant(changed, (*path, "compartments"), change, inside, partners=only)


def _labels(book: Book) -> Mapping[str, tuple[Label, ...]]:
    """The labels of every field's forms."""
    specs = {**BUILT_IN, **book.playbook.fields}
    return {name: tuple(spec.label_of(form) for form in spec.all_forms) for name, spec in specs.items()}


def _labelled(book: Book, part: Tlp | str) -> frozenset[str]:
    """The fields with a form at this level or in this compartment: whoever is cleared for it may see them otherwise, and no others."""
    return frozenset(
        name
        for name, labels in _labels(book).items()
        if any(part is label.tlp or part in label.compartments for label in labels)
    )


# --- labels -----------------------------------------------------------------------------------------------------------


def _fields(book: Book) -> Iterable[Mutant]:
    for name, spec in book.playbook.fields.items():
        only = frozenset({name})
        for parts, key, change in _laxer(spec):
            changed = _entry(book, "fields", name, **parts)
            yield Mutant(changed, ("fields", name, key), f"`{name}` {change}", only)
        for form, label in spec.forms.items():
            for parts, key, change in _laxer(label):
                forms = {**spec.forms, form: label.model_copy(update=parts)}
                changed = _entry(book, "fields", name, forms=forms)
                yield Mutant(changed, ("fields", name, "forms", form, key), f"`{name}` as {form} {change}", only)


def _laxer(label: FieldSpec | FormLabel) -> Iterable[tuple[dict[str, object], str, str]]:
    """The ways in which a label could be laxer: the parts that change, the key, the words."""
    if label.tlp is not Tlp.CLEAR:
        lower = Tlp(label.tlp - 1)
        yield {"tlp": lower}, "tlp", f"labelled {lower.word} instead of {label.tlp.word}"
    for compartment in label.compartments:
        rest = tuple(one for one in label.compartments if one != compartment)
        yield {"compartments": rest}, "compartments", f"outside the compartment {compartment}"
    if label.personal:
        yield {"personal": False}, "personal", "not personal"


# --- rules ------------------------------------------------------------------------------------------------------------


def _sharing(book: Book) -> Iterable[Mutant]:
    for index, rule in enumerate(book.playbook.sharing):
        for changed, fields, key, change in _rule(rule):
            rules = list(book.playbook.sharing)
            rules[index : index + 1] = [] if changed is None else [changed]
            changed_book = _with(book, sharing=tuple(rules))
            yield Mutant(changed_book, ("sharing", index, *key), change, frozenset(fields), rule=index)


def _rule(rule: Rule) -> Iterable[tuple[Rule | None, tuple[str, ...], tuple[str, ...], str]]:
    """What could become of a rule (None: it goes), the fields that this concerns, the key, the words."""
    word = "permit" if isinstance(rule, Permit) else "forbid"
    named = rule.permit if isinstance(rule, Permit) else rule.forbid
    if len(named) == 1:
        yield None, named, (), f"without this {word} of {_list(named)} to {_whom(rule.to)}"
    else:
        for name in named:
            rest = tuple(other for other in named if other != name)
            yield rule.model_copy(update={word: rest}), (name,), (), f"`{name}` dropped from this {word}"
    if isinstance(rule, Forbid):
        return
    if rule.to != EVERYONE:
        change = f"this permit of {_list(named)} for everyone instead of {_whom(rule.to)}"
        yield rule.model_copy(update={"to": EVERYONE}), named, ("to",), change
    if rule.as_ is not None:
        change = f"this permit of {_list(named)} without `as: {rule.as_}`"
        yield rule.model_copy(update={"as_": None}), named, ("as",), change
    if rule.when is not None:
        for key in ("phase", "hazard", "danger"):
            if (value := getattr(rule.when, key)) is not None:
                when = rule.when.model_copy(update={key: None})
                change = f"this permit of {_list(named)} without `when: {{{key}: {_value(value)}}}`"
                yield rule.model_copy(update={"when": when}), named, ("when",), change
    for name in rule.under:
        rest = tuple(other for other in rule.under if other != name)
        change = f"this permit of {_list(named)} no longer under {name}"
        yield rule.model_copy(update={"under": rest}), named, ("under",), change


def _alerts(book: Book) -> Iterable[Mutant]:
    for name, alert in book.playbook.alerts.items():
        path, only = ("alerts", name), frozenset({name})
        if alert.by != EVERYONE:
            changed = _entry(book, "alerts", name, by=EVERYONE)
            whom = "the lead" if alert.by is None else _whom(alert.by)
            change = f"`{name}` issued by everyone instead of {whom}"
            yield Mutant(changed, (*path, "by"), change, alerts=only, issuing=True)
        if alert.in_danger is not None:
            whom = _whom(alert.in_danger.by)
            if alert.in_danger.by != EVERYONE:
                wider = alert.in_danger.model_copy(update={"by": EVERYONE})
                changed = _entry(book, "alerts", name, in_danger=wider)
                change = f"`{name}` issued in danger by everyone instead of {whom}"
                yield Mutant(changed, (*path, "in_danger", "by"), change, alerts=only, issuing=True)
            own = alert.by.terms if alert.by is not None else (Lead(),)
            changed = _entry(book, "alerts", name, by=Selector((*own, *alert.in_danger.by.terms)))
            change = f"`{name}` issued by {whom} without danger"
            yield Mutant(changed, (*path, "in_danger"), change, alerts=only, issuing=True)
        if alert.to != EVERYONE:
            changed = _entry(book, "alerts", name, to=EVERYONE)
            yield Mutant(changed, (*path, "to"), f"`{name}` for everyone instead of {_whom(alert.to)}", alerts=only)


# --- words ------------------------------------------------------------------------------------------------------------


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        words = ", ".join(map(str, value))
        return words if len(value) == 1 else f"[{words}]"
    return str(value).lower()


def _whom(selector: Selector) -> str:
    """A selector as a playbook writes it."""
    words = [_term(term) for term in selector.terms]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def _term(term: Term) -> str:
    match term:
        case Everyone():
            return "everyone"
        case Lead():
            return "lead"
        case Deputies():
            return "deputies"
        case One(partner=name):
            return name
        case Matching():
            keys = [(key, getattr(term, key)) for key in type(term).model_fields if key != "not_"]
            said = [f"{key}: {_value(value)}" for key, value in keys if value]
            said += [f"not: {_whom(term.not_)}"] if term.not_ is not None else []
            return f"{{{', '.join(said)}}}"
