"""A coarser value made from a finer one, so that nothing finer is in it: for whoever may be shown no more."""

from __future__ import annotations

from datetime import datetime, time

from playbooks.load import Book
from playbooks.schema import FieldSpec
from playbooks.selection import local_time
from playbooks.values import Moment, Number, Person, Place, Value, take


def coarser(book: Book, spec: FieldSpec, value: Value, form: str) -> Value | None:
    """The value as if only this form of it had ever been said; None where it has no such form.

    A place becomes the names of its areas, without words or point; a number the first of its range; persons their initials, or as
    many dots; a time the midnight that its day begins with.
    """
    if isinstance(value, Moment):
        value = Moment(local_time(book, value.at))
    shape = take(value, form, spec.ranges)
    if isinstance(value, Place) and form == "area" and shape is not None:
        words = ", ".join(next(iter(book.playbook.areas[area].name.values())) for area in value.areas)
        return Place(words, None, value.areas)
    if isinstance(value, Number) and form == "range" and isinstance(shape, tuple):
        return Number(int(shape[0] or 0))
    if isinstance(value, Person) and form == "initials" and isinstance(shape, tuple):
        return Person(tuple(str(one) for one in shape))
    if isinstance(value, Person) and form == "count":
        return Person(("…",) * len(value.names))
    if isinstance(value, Moment) and form == "day":
        return Moment(datetime.combine(value.at.date(), time.min, tzinfo=book.playbook.timezone))
    return None
