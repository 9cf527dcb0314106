"""Lints of selectors: whom they can never mean. Whether a selector means somebody is asked of the rule of selection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from playbooks.examined import Examined, called
from playbooks.problems import Problem, nearest
from playbooks.schema import Deputies, Lead, Matching, Selector, Term
from playbooks.schema_words import quoted
from playbooks.whom import Whom, selectors, terms_at


def out_of_place(x: Examined) -> Iterator[Problem]:
    """`affected` where nothing is known of any place: it matches nobody there."""
    for whom in selectors(x.book.playbook):
        if whom.asked != "of a partner":
            continue
        for below, term in terms_at(whom.selector):
            if isinstance(term, Matching) and "affected" in (term.area or ()):
                at = (*whom.path, *below, "area", (term.area or ()).index("affected"))
                what = f"`affected` matches nobody here: {called(whom.path)} is asked of partners, not of an alert"
                yield x.problem("affected-out-of-place", at, what, _instead(whom))


def _instead(whom: Whom) -> str:
    if whom.path[0] == "alerts" and whom.path[-1] == "by":
        return "leave it out: who issues an alert must have the place on its ground anyway"
    return "name the areas, or leave it out"


def nobody(x: Examined) -> Iterator[Problem]:
    """A selector, or one of its alternatives, that matches no partner whatever happens."""
    for whom in selectors(x.book.playbook):
        if whom.asked == "of a partner" and whom.selector.uses_event:
            continue  # that is said already
        if not x.possible.means_somebody(whom):
            what = f"{called(whom.path)} selects nobody: {_why(x, whom.selector.terms)}"
            yield x.problem("selector-matches-nobody", whom.path, what, _way_out(x, whom.selector.terms))
            continue
        for index, term in enumerate(whom.selector.terms):
            if len(whom.selector.terms) > 1 and not x.possible.means_somebody(_only(whom, term)):
                what = f"this part of {called(whom.path)} adds nobody: {_why(x, (term,))}"
                yield x.problem("part-matches-nobody", (*whom.path, index), what, _way_out(x, (term,)))


def _only(whom: Whom, term: Term) -> Whom:
    return replace(whom, selector=Selector((term,)))


def _why(x: Examined, terms: tuple[Term, ...]) -> str:
    if len(terms) > 1:
        return "none of its parts matches a partner, in any phase"
    match terms[0]:
        case Lead():
            return "there is no lead then"
        case Deputies():
            return "no rule under `leads` names deputies"
        case Matching() as term:
            unheard = _unheard(x, term)
            if unheard is not None and len(term.competence or ()) == 1:
                return f"no partner has the competence {quoted(unheard)}"
            keys = [info.alias or name for name, info in Matching.model_fields.items() if name in term.model_fields_set]
            if len(keys) == 1:
                return f"no partner has this `{keys[0]}`"
            return f"no partner has its {', '.join(f'`{key}`' for key in keys[:-1])} and `{keys[-1]}` together"
        case _:
            return "no partner is meant"


def _way_out(x: Examined, terms: tuple[Term, ...]) -> str:
    for term in terms:
        unheard = _unheard(x, term) if isinstance(term, Matching) else None
        close = nearest(unheard, _competences(x)) if unheard is not None else None
        if close is not None:
            return f"did you mean `{close}`?"
        if isinstance(term, Deputies):
            return "add `deputies` to a rule under `leads`, or leave it out"
    return "correct it, or add the partner that is meant"


def _unheard(x: Examined, term: Matching) -> str | None:
    known = _competences(x)
    return next((word for word in term.competence or () if word not in known), None)


def _competences(x: Examined) -> frozenset[str]:
    return frozenset(word for who in x.book.playbook.partners.values() for word in who.competences)


def unheard_competence(x: Examined) -> Iterator[Problem]:
    """A competence among others that no partner has: a slip of the pen, as competences are declared nowhere."""
    known = _competences(x)
    for whom in selectors(x.book.playbook):
        for below, term in terms_at(whom.selector):
            words = (isinstance(term, Matching) and term.competence) or ()
            left_out = "not" in below
            for index, word in enumerate(words):
                if word in known or (len(words) == 1 and not left_out):
                    continue  # alone it matches nobody, which is said already
                close = nearest(word, known)
                fix = f"did you mean `{close}`?" if close else "correct it, or leave it out"
                at = (*whom.path, *below, "competence", index)
                yield x.problem("unknown-competence", at, f"no partner has the competence {quoted(word)}", fix)
