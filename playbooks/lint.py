"""What is allowed and yet should not be: a playbook that can be read, and would fail the people who rely on it.

The lints stand here in the order of `codes.LINTS`, by what they are about. Each is a generator over an examined book, and
yields problems with one of the registry's codes; `CHECKS.md` explains each code with an example.
"""

from __future__ import annotations

from datetime import date

from playbooks import (
    lint_alerts,
    lint_answers,
    lint_fields,
    lint_leads,
    lint_partners,
    lint_secrets,
    lint_selectors,
    lint_sharing,
    lint_texts,
    lint_times,
)
from playbooks.examined import Examined, Lint
from playbooks.load import Book
from playbooks.problems import Problem

LINTS: tuple[Lint, ...] = (
    lint_leads.without_lead,
    lint_leads.never_first,
    lint_leads.unreachable,
    lint_leads.own_deputy,
    lint_leads.nobodys_alert,
    lint_selectors.nobody,
    lint_selectors.out_of_place,
    lint_selectors.unheard_competence,
    lint_sharing.without_danger,
    lint_sharing.ill_fitting_form,
    lint_sharing.personal_without_agreement,
    lint_sharing.shows_nothing,
    lint_sharing.agreement_never_carries,
    lint_sharing.shadowed,
    lint_sharing.without_effect,
    lint_sharing.empty_when,
    lint_alerts.unreached,
    lint_answers.escalations,
    lint_answers.unread_answers,
    lint_answers.channels,
    lint_answers.strangers,
    lint_answers.unequal,
    lint_partners.untrusted_network,
    lint_partners.unplain_witness,
    lint_partners.without_room,
    lint_partners.chat_of_two,
    lint_partners.private_chat,
    lint_partners.same_name,
    lint_partners.same_phone,
    lint_partners.same_area,
    lint_fields.unlabelled,
    lint_fields.unused,
    lint_fields.unnamed_agreement,
    lint_texts.foreign_field,
    lint_texts.unsaid_field,
    lint_texts.lacking_language,
    lint_texts.missing_translation,
    lint_texts.unspoken_language,
    lint_times.agreements,
    lint_times.reviews,
    lint_secrets.secrets,
)


def lint(book: Book, today: date) -> tuple[Problem, ...]:
    """Every error and warning in this playbook, in the order of the file. `today` is a day of its time zone."""
    examined = Examined(book, today)
    return tuple(sorted({problem for lint_ in LINTS for problem in lint_(examined)}))
