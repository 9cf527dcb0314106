"""The sharing rules of a playbook made ready to be asked: which rules name a field, and whom each means whatever happens.

Nothing is decided here; ``sight`` decides. A selector that looks at no event and at no lead means the same partners for as long as
the playbook holds: that is worked out once. What is said in a channel is shared by its membership, and who has an alert
(``_delivery``) and what is answered to a check-in (``?NAME``) are for the lead by their nature: all of it stands here as permits
like those that are written. What a rule says of ``_answer`` it says of the answers to every check-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from playbooks.load import Book
from playbooks.rooms import NETWORKS, Network
from playbooks.schema import Deputies, Everyone, Forbid, Lead, Matching, One, Permit, Selector, Term
from playbooks.selection import Circumstances, matches

_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_DELIVERY_TO_LEAD = Permit(permit=("_delivery",), to=Selector((Lead(),)))


@dataclass(frozen=True, slots=True)
class Ready:
    """A permit or forbid with its line in the file (0: it is in none).

    ``always`` are the partners whom it means in their rooms on a network whatever the event, by network; None: ask each time.
    ``index`` is its place in ``sharing``; None: it is not one of those.
    """

    rule: Permit | Forbid
    line: int
    always: Mapping[Network, frozenset[str]] | None
    index: int | None = None

    def always_means(self, partner: str, network: Network) -> bool:
        """Whether it means them there whatever happens, for all that is known beforehand."""
        return self.always is not None and partner in self.always[network]


Rules = tuple[tuple[Ready, ...], tuple[Ready, ...]]
"""The permits and the forbids that name one field, in the order of the file (which decides nothing)."""

_RULES: WeakKeyDictionary[Book, Mapping[str, Rules]] = WeakKeyDictionary()
_STANDINGS: WeakKeyDictionary[Book, Mapping[tuple[str, Network], int]] = WeakKeyDictionary()


def rules_of(book: Book, field: str) -> Rules:
    """The permits and the forbids that name a field."""
    ready = _RULES.get(book)
    if ready is None:
        permits: dict[str, list[Ready]] = {}
        forbids: dict[str, list[Ready]] = {}
        whom: dict[Selector, Mapping[Network, frozenset[str]] | None] = {}
        for rule, line, index in _written(book):
            if rule.to not in whom:  # many rules are for the same partners
                whom[rule.to] = _always(book, rule.to)
            prepared = Ready(rule, line, whom[rule.to], index)
            for name in named(rule):
                (permits if isinstance(rule, Permit) else forbids).setdefault(name, []).append(prepared)
        to_lead = Ready(_DELIVERY_TO_LEAD, 0, None)
        for checkin in book.playbook.checkins:
            permits[f"?{checkin}"] = [*permits.get("_answer", ()), to_lead]
            forbids[f"?{checkin}"] = forbids.get("_answer", [])
        ready = {name: (tuple(permits.get(name, ())), tuple(forbids.get(name, ()))) for name in {*permits, *forbids}}
        _RULES[book] = ready
    return ready.get(field, ((), ()))


def standing(book: Book, partner: str, network: Network) -> int | None:
    """A number that is the same for those whom the rule treats alike, in their rooms on a network; None for who is no partner.

    Alike are partners of one jurisdiction with one clearance whom the same rules mean, as far as these mean somebody whatever
    the event.
    """
    ready = _STANDINGS.get(book)
    if ready is None:
        fields = {name for rule, _, _ in _written(book) for name in named(rule)}
        rules = [one for field in sorted(fields) for each in rules_of(book, field) for one in each]
        numbers: dict[object, int] = {}
        ready = {
            (name, on): numbers.setdefault(
                (
                    who.jurisdiction,
                    who.clearance.tlp,
                    frozenset(who.clearance.compartments),
                    tuple(one.always_means(name, on) for one in rules),
                ),
                len(numbers),
            )
            for name, who in book.playbook.partners.items()
            for on in NETWORKS
        }
        _STANDINGS[book] = ready
    return ready.get((partner, network))


def named(rule: Permit | Forbid) -> tuple[str, ...]:
    """The fields that a rule is about."""
    return rule.permit if isinstance(rule, Permit) else rule.forbid


def _written(book: Book) -> Iterable[tuple[Permit | Forbid, int, int | None]]:
    for index, rule in enumerate(book.playbook.sharing):
        yield rule, book.line("sharing", index), index
    for name, channel in book.playbook.channels.items():
        membership = Permit(permit=(f"#{name}",), to=channel.members, purpose=channel.purpose, under=channel.under)
        yield membership, book.line("channels", name, "members"), None
    # Who has it and who is silent is for the lead by its nature: permitting it to others takes it from nobody.
    yield _DELIVERY_TO_LEAD, 0, None


def _always(book: Book, selector: Selector) -> Mapping[Network, frozenset[str]] | None:
    """The partners a selector means whatever the event, by the network of their room, or None where that depends."""
    calm = Circumstances(now=_ANY_TIME, phase="", active=frozenset())
    found: dict[Network, frozenset[str]] = {}
    try:
        if not all(map(_settled, selector.terms)):
            return None
        by_network = any(map(_looks_at_network, selector.terms))
        for network in NETWORKS:
            found[network] = (
                found[NETWORKS[0]]
                if found and not by_network
                else frozenset(
                    partner
                    for partner in book.playbook.partners
                    if matches(book, selector, partner, calm, partner, frozenset(), network)
                )
            )
    except Exception:  # noqa: BLE001 condition 6 of the rule: whatever goes wrong, it is asked again where that denies
        return None
    return found


def _settled(term: Term) -> bool:
    """Whether a term means the same partners whatever the event and whoever leads."""
    match term:
        case Everyone() | One():
            return True
        case Lead() | Deputies():
            return False
        case Matching():
            return not term.uses_event and (term.not_ is None or all(map(_settled, term.not_.terms)))


def _looks_at_network(term: Term) -> bool:
    """Whether whom a term means can differ between the networks of their rooms."""
    if not isinstance(term, Matching):
        return False
    return term.network is not None or (term.not_ is not None and any(map(_looks_at_network, term.not_.terms)))
