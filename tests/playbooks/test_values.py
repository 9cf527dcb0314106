"""Values in their forms, in words, and in the log."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.phrasing import legible, phrase
from playbooks.values import FORMS, Choice, Moment, Number, Person, Place, Text, Value, from_json, take, to_json
from tests.playbooks.small import changed, read

BOOK = read(
    changed(
        "  what: {type: text, tlp: green}",
        "  what: {type: text, tlp: green}\n"
        "  action: {type: choice, options: {leave: {en: Leave now, fr: Partez}}}\n"
        "  people: {type: number, ranges: [1, 10, 50]}\n"
        "  peak: {type: time}",
    )
)
AT = datetime(2026, 6, 1, 14, 5, tzinfo=ZoneInfo("Europe/Brussels"))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, (0, 0)), (1, (1, 9)), (9, (1, 9)), (10, (10, 49)), (49, (10, 49)), (50, (50, None)), (10**9, (50, None))],
)
def test_a_range_holds_its_first_amount_and_not_the_next_ranges(amount: int, shown: tuple[int, int | None]) -> None:
    """Bounds 1, 10, 50 make 0, 1-9, 10-49, and 50 or more."""
    assert take(Number(amount), "range", (1, 10, 50)) == shown


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**5), min_size=1, unique=True).map(sorted))
def test_a_range_always_holds_its_amount(amount: int, ranges: list[int]) -> None:
    """Whatever the bounds, the range that is shown is true."""
    shown = take(Number(amount), "range", ranges)
    assert isinstance(shown, tuple)
    first, last = shown
    assert isinstance(first, int) and first <= amount and (last is None or amount <= int(last))


def test_forms_that_a_value_does_not_have_do_not_exist() -> None:
    """A number without ranges, a place outside every area, and the form of another type are None."""
    assert take(Number(7), "range") is None
    assert take(Place("at sea"), "area") is None
    assert take(Text("words"), "area") is None
    assert take(Person(("Ada",)), "range") is None


def test_each_type_has_its_forms_finest_first() -> None:
    """Every form that the table names can be taken, and the first is the value as said."""
    values: dict[str, Value] = {
        "text": Text("w"), "choice": Choice("leave"), "place": Place("w", None, ("town",)), "number": Number(3),
        "person": Person(("Ada Lovelace",)), "time": Moment(AT),
    }  # fmt: skip
    for kind, forms in FORMS.items():
        assert forms[0] == "exact"
        assert all(take(values[kind], form, (1, 10)) is not None for form in forms)


def test_persons_become_initials_and_then_a_count() -> None:
    """Neither form has a name left in it."""
    people = Person(("Ada Lovelace", "Jean-Luc Picard"))
    assert take(people, "initials") == ("A. L.", "J. L. P.")
    assert take(people, "count") == 2


def test_a_time_becomes_its_day() -> None:
    """The hour is gone."""
    assert take(Moment(AT), "day") == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("field", "form", "shape", "words"),
    [
        ("action", "exact", "leave", "Partez"),
        ("what", "exact", "leave", "leave"),
        ("where", "area", ("town",), "Town"),
        ("people", "range", (1, 9), "1–9"),
        ("people", "range", (50, None), "50+"),
        ("people", "range", (0, 0), "0"),
        ("people", "exact", 12, "12"),
        ("peak", "exact", AT, "1 juin 2026 14:05"),
        ("peak", "exact", AT.astimezone(UTC), "1 juin 2026 14:05"),
        ("peak", "day", date(2026, 6, 1), "1 juin 2026"),
    ],
)
def test_values_are_put_into_the_readers_words(field: str, form: str, shape: object, words: str) -> None:
    """Options and areas as the playbook names them, days as the language writes them, clock times of the playbook's zone."""
    assert phrase(BOOK, field, form, shape, ("fr", "en")) == words  # type: ignore[arg-type]


@given(
    st.one_of(
        st.text().map(Text),
        st.text().map(Choice),
        st.integers(0).map(Number),
        st.lists(st.text()).map(lambda names: Person(tuple(names))),
        st.datetimes(timezones=st.just(UTC)).map(Moment),
        st.builds(
            Place,
            st.text(),
            st.none() | st.tuples(st.integers(-90, 90), st.integers(-180, 180)),
            st.lists(st.text()).map(tuple),
        ),
    )
)
def test_what_the_log_keeps_of_a_value_reads_back_the_same(value: Value) -> None:
    """JSON and back is the identity."""
    assert from_json(to_json(value)) == value


@pytest.mark.parametrize("data", [{}, {"text": 1}, {"number": "7"}, {"place": "x"}, {"person": "Ada"}, {"other": ""}])
def test_what_is_no_value_is_refused(data: dict[str, object]) -> None:
    """Anything else in the log is an error, never a guess."""
    with pytest.raises(ValueError, match="not a value"):
        from_json(data)


def test_typed_words_lose_what_would_reorder_or_break_a_text() -> None:
    """Control characters, explicit changes of direction and half characters go; joiners and right-to-left scripts stay."""
    assert legible("a\x00b\x1b[31m\x7f") == "ab[31m"
    assert legible("\u202eevil\u202c \u2066x\u2069") == "evil x"
    assert legible("\ud800half") == "\ufffdhalf"
    assert legible("می\u200cخواهم 👩\u200d🚒 שלום\u200f") == "می\u200cخواهم 👩\u200d🚒 שלום\u200f"
    assert legible("line\u2028line\ttab\n") == "line\nline\ttab\n"


@given(st.text(st.characters(codec=None)))
def test_legible_words_can_be_written_down_and_stay_as_they_are(words: str) -> None:
    """Whatever was typed, the result can be encoded, and a second time changes nothing."""
    once = legible(words)
    once.encode()
    assert legible(once) == once
