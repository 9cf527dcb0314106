"""What a playbook says of an alert, for forms that put a copy of it into words anew."""

from __future__ import annotations

from dataclasses import dataclass

from playbooks.load import Book
from playbooks.schema import Alert


@dataclass(frozen=True, slots=True)
class Template:
    """The template of one ``alert``, with the ``book`` that names its options and areas.

    Of both, a form says what is the same for whoever reads a copy of such an alert, and of fields only what the recipient was shown.
    """

    book: Book
    alert: Alert
