"""Lints of what is declared: fields that nobody labelled; fields and agreements that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from playbooks.examined import Examined
from playbooks.problems import Problem
from playbooks.schema import Permit
from playbooks.schema_words import quoted


def unlabelled(x: Examined) -> Iterator[Problem]:
    """A field, or a form of one, without a TLP level: it is red, and red hardly goes anywhere."""
    for name, spec in x.book.playbook.fields.items():
        fix = "say how closely it is held, as `tlp: green`; where red is meant, write `tlp: red`"
        if not spec.labelled:
            yield x.problem_of_key(
                "field-without-label", ("fields", name), f"{quoted(name)} has no label, and so is red", fix
            )
        for form, label in spec.forms.items():
            if "tlp" not in label.model_fields_set:
                what = f"the form {quoted(form)} of {quoted(name)} has no label, and so is red"
                yield x.problem_of_key("field-without-label", ("fields", name, "forms", form), what, fix)


def unused(x: Examined) -> Iterator[Problem]:
    """A field that no alert has."""
    playbook = x.book.playbook
    used = {name for alert in playbook.alerts.values() for name in alert.fields}
    for name in playbook.fields:
        if name not in used and not name.startswith("_"):
            what = f"no alert has the field {quoted(name)}"
            yield x.problem_of_key(
                "field-never-used", ("fields", name), what, "add it to an alert's `fields`, or remove it"
            )


def unnamed_agreement(x: Examined) -> Iterator[Problem]:
    """An agreement that no permit and no channel names: it carries nothing. One out of force is told of by its dates."""
    playbook = x.book.playbook
    permits = [rule.under for rule in playbook.sharing if isinstance(rule, Permit)]
    used = {name for under in (*permits, *(one.under for one in playbook.channels.values())) for name in under}
    for name, agreement in playbook.agreements.items():
        if name not in used and agreement.in_force(x.today):
            what = f"no permit and no channel names the agreement {quoted(name)}: nothing is shared under it"
            fix = f"write `under: {name}` in the permits it is for, or remove it"
            yield x.problem_of_key("agreement-never-named", ("agreements", name), what, fix)
