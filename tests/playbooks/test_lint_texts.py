"""Lints of what is said: what counts as said, and in which languages."""

from __future__ import annotations

from tests.playbooks.linted import codes, problems

END = "    label: {tlp: green}\n"
AREA = "  town: {name: Town, jurisdiction: be, circle: [50.6, 5.6, 2]}\n"
EN, FR = (
    '      en: ["{what}", "Where: {where}.", "People: {people}."]\n',
    '      fr: ["{what}", "Où : {where}.", "Personnes : {people}."]\n',
)


def test_a_place_may_choose_whom_an_alert_is_for_without_being_said() -> None:
    """Another field that no text says is filled in for nobody; if it is the main one, that is said."""
    assert codes((EN, EN.replace(', "Where: {where}."', "")), (FR, FR.replace(', "Où : {where}."', ""))) == []
    (problem,) = problems((EN, EN.replace('"{what}", ', "")), (FR, FR.replace('"{what}", ', "")))
    assert (problem.line, problem.column) == (57, 11)
    assert "says its main field `what`: what is typed freely is shown to nobody" in problem.what


def test_a_duty_needs_the_languages_of_those_whose_it_is() -> None:
    """A duty of a French-speaking town need not be said in English, and one of an English-speaking service must."""
    duty = "duties:\n  - {for: WHO, at: watch, text: {fr: Veillez}, source: Law}\n"
    assert codes((END, END + duty.replace("WHO", "city"))) == []
    (problem,) = problems((END, END + duty.replace("WHO", "everyone")))
    assert problem.what == "`text` of this duty is not said in `en`: people who read that are shown it in `fr`"


def test_places_are_called_what_they_are_called_at_home() -> None:
    """An area needs no name in every language; a country does, as it is a word."""
    assert codes((AREA, AREA.replace("name: Town", "name: {fr: Ville}"))) == []
    assert codes(("  be: {name: {en: Belgium, fr: Belgique}}", "  be: {name: {fr: Belgique}}")) == [
        "missing-translation"
    ]


def test_a_dialect_is_served_by_its_language() -> None:
    """`fr-BE` is read by whoever reads French; a partner that reads none of the languages is told of."""
    assert codes(("languages: [fr]", "languages: [fr-BE]")) == []
    (problem,) = problems(("languages: [fr]", "languages: [pl]"))
    assert problem.what == "`city` reads `pl`, in which this playbook says nothing"
