"""How closely a copy of a log is held at most: what its playbooks can say at all, and what people have raised above that.

What is typed without a field (reasons, remarks) is held as what organisations tell each other where they need to, TLP:AMBER.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from handlers.world import World
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.schema import BUILT_IN
from storage.facts import Disclosed, Fact
from storage.store import Kept


def highest(world: World, kept: Sequence[Kept] | None) -> Tlp:
    """The highest level that these facts can hold. Where they are not known (None), or one goes by a playbook that is not, it may be anything: TLP:RED."""
    digests = {one.playbook_sha256 for one in kept or () if one.playbook_sha256 is not None}
    if not kept or not digests or not digests <= world.kept.keys():
        return Tlp.RED
    levels = {Tlp.AMBER, *(level for digest in digests for level in _of_playbook(world.kept[digest]))}
    return max(levels.union(*(_of_fact(one.fact) for one in kept)))


def _of_playbook(book: Book) -> Iterator[Tlp]:
    """The levels of all that can be said under a playbook."""
    playbook = book.playbook
    names = (
        *playbook.fields,
        *BUILT_IN,
        *(f"#{one}" for one in playbook.channels),
        *(f"?{one}" for one in playbook.checkins),
    )
    for name in names:
        spec = playbook.field(name)
        yield spec.tlp if spec is not None else Tlp.RED
    yield from (one.tlp for one in (*playbook.means.values(), *playbook.risks.values()))


def _of_fact(fact: Fact) -> set[Tlp]:
    """The levels that a fact itself speaks of: a message's, and those to which people raised their words."""
    found = {fact.label} if isinstance(fact, Disclosed) else set()
    raised, labels = getattr(fact, "raised", None), getattr(fact, "labels", {})
    if isinstance(raised, str):
        found.add(raised)
    found |= {str(one["tlp"]) for one in labels.values() if isinstance(one, Mapping) and one.get("tlp")}
    return {_read(word) for word in found if word}


def _read(word: str) -> Tlp:
    try:
        return Tlp.parse(word)
    except ValueError:
        return Tlp.RED
