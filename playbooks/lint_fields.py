"""Lints of fields: those that nobody labelled, and those that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from playbooks.examined import Examined
from playbooks.problems import Problem
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
