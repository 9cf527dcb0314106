"""Lints of what is said: texts that say more or less than their alert knows, and languages in which something is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from playbooks.audience import place_field
from playbooks.examined import Examined, called, named
from playbooks.problems import Problem, suggestion
from playbooks.schema import Alert, clause_fields, text_in
from playbooks.schema_words import quoted
from playbooks.whom import Whom

Path = tuple[str | int, ...]


def foreign_field(x: Examined) -> Iterator[Problem]:
    """A clause that needs a field which its alert does not have: nobody is ever shown it."""
    for name, alert in x.book.playbook.alerts.items():
        for language, index, clause in _clauses(alert):
            for used in dict.fromkeys(clause_fields(clause)):
                if used not in alert.fields:
                    what = f"{quoted(name)} has no field {quoted(used)}: this clause is left out for everybody"
                    fix = suggestion(used, alert.fields, "") if len(alert.fields) < 8 else ""
                    also = "or add it to the alert's `fields`"
                    at = ("alerts", name, "text", language, index)
                    yield x.problem("text-without-field", at, what, f"{fix.rstrip('?')}, {also}" if fix else also[3:])


def unsaid_field(x: Examined) -> Iterator[Problem]:
    """A field of an alert that no text says: it is asked for, filled in, and read by nobody. A place also chooses whom it is for."""
    for name, alert in x.book.playbook.alerts.items():
        said = {used for _, _, clause in _clauses(alert) for used in clause_fields(clause)}
        for field in alert.fields:
            if field in said or (field == place_field(x.book, alert) and field != alert.main):
                continue
            what = f"no text of {quoted(name)} says {quoted(field)}: it is filled in, and shown to nobody"
            at: Path = ("alerts", name, "fields", field)
            if field == alert.main:
                what = f"no text of {quoted(name)} says its main field {quoted(field)}: what is typed freely is shown to nobody"
                at = ("alerts", name, "main")
            fix = f"add a clause with `{{{field}}}`"
            if field == alert.main:
                yield x.problem("field-not-in-text", at, what, fix)
            else:
                yield x.problem_of_key("field-not-in-text", at, what, f"{fix}, or leave the field out")


def lacking_language(x: Examined) -> Iterator[Problem]:
    """A text that says less in one language than in another."""
    for name, alert in x.book.playbook.alerts.items():
        said = {
            language: {used for clause in clauses for used in clause_fields(clause)}
            for language, clauses in alert.text.items()
        }
        everything = set(alert.fields) & set[str]().union(*said.values())
        for language, fields in said.items():
            lacking = [field for field in alert.fields if field in everything - fields]
            if lacking:
                other = next(one for one, theirs in said.items() if lacking[0] in theirs)
                what = f"in {quoted(language)} this text never says {named(lacking)}, as it does in {quoted(other)}"
                fix = f"add the clause with `{{{lacking[0]}}}`"
                yield x.problem_of_key("text-lacks-field", ("alerts", name, "text", language), what, fix)


def _clauses(alert: Alert) -> Iterator[tuple[str, int, str]]:
    for language, clauses in alert.text.items():
        for index, clause in enumerate(clauses):
            yield language, index, clause


def missing_translation(x: Examined) -> Iterator[Problem]:
    """A text that one of the playbook's languages lacks, though somebody who reads it would be told it in that language."""
    for path, text, languages in _texts(x):
        lacking = [language for language in languages if not _has(text, language)]
        if lacking:
            _, instead = text_in(text, [*lacking[:1], *x.book.playbook.languages])
            what = f"{called(path)} is not said in {named(lacking)}: people who read that are shown it in {quoted(instead)}"
            fix = f"add `{lacking[0]}: …`"
            if all(isinstance(each, str) for each in text.values()):
                fix += ", or write it once for every language, without a tag"
            yield x.problem_of_key("missing-translation", path, what, fix)


def unspoken_language(x: Examined) -> Iterator[Problem]:
    """A partner that reads none of the playbook's languages."""
    spoken = x.book.playbook.languages
    for name, who in x.book.playbook.partners.items():
        if who.languages and not any(_has(spoken, language) for language in who.languages):
            what = f"{quoted(name)} reads {named(who.languages)}, in which this playbook says nothing"
            fix = f"add `{who.languages[0]}` to `languages` at the top and translate, or name one of {named(spoken, 'or')}"
            yield x.problem("missing-translation", ("partners", name, "languages"), what, fix)


def _has(text: Collection[str], language: str) -> bool:
    """Whether there are words in a language, or in all of them: `nl-BE` is served by `nl`."""
    return not {"", language, language.partition("-")[0]}.isdisjoint(text)


def _texts(x: Examined) -> Iterator[tuple[Path, Mapping[str, Any], Sequence[str]]]:
    """Every text for people, with its path and the languages it is read in.

    A duty is read by those whose it is. The names of areas are not among them: a place that has no name of its own in a language
    is called there as it is at home.
    """
    playbook = x.book.playbook
    everyone = playbook.languages
    yield ("title",), playbook.title, everyone
    for name, land in playbook.jurisdictions.items():
        yield ("jurisdictions", name, "name"), land.name, everyone
    for name, who in playbook.partners.items():
        if who.mandate is not None:
            yield ("partners", name, "mandate"), who.mandate, everyone
    for name, spec in playbook.fields.items():
        if spec.title is not None:
            yield ("fields", name, "title"), spec.title, everyone
        for option, words in spec.options.items():
            yield ("fields", name, "options", option), words, everyone
    for name, alert in playbook.alerts.items():
        yield ("alerts", name, "title"), alert.title, everyone
        yield ("alerts", name, "cap", "event"), alert.cap.event, everyone
        yield ("alerts", name, "text"), alert.text, everyone
    for name, checkin in playbook.checkins.items():
        yield ("checkins", name, "ask"), checkin.ask, everyone
    for name, channel in playbook.channels.items():
        yield ("channels", name, "title"), channel.title, everyone
    for index, duty in enumerate(playbook.duties):
        whom = Whom(("duties", index, "for"), duty.for_, "of a partner")
        yield ("duties", index, "text"), duty.text, _read_by(x, whom)


def _read_by(x: Examined, whom: Whom) -> Sequence[str]:
    """The languages, of the playbook's, in which those whom a selector may mean are told things."""
    playbook = x.book.playbook
    read: set[str] = set()
    for name in x.possible.meant(whom):
        who = playbook.partners[name]
        land = playbook.jurisdictions[who.jurisdiction].language
        read |= {*who.languages[:1]} or {land or playbook.languages[0]}
    return [language for language in playbook.languages if any(_has([language], tag) for tag in read)]
