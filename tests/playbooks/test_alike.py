"""One partner stands for all that some rules cannot tell from it: whatever the rules say of the one, they say of the others."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.alike import Alike
from playbooks.rooms import RoomRef
from playbooks.sight import Question, Room, Seen
from tests.examples import examples
from tests.playbooks.generated import FIELDS, PARTNERS, Scene, book_of, events, playbooks, situations
from tests.playbooks.linted import river


@st.composite
def twins(draw: st.DrawFn) -> Scene:
    """Everything a decision looks at, with partners that differ in little."""
    data = draw(playbooks())
    first = data["partners"][PARTNERS[0]]
    for name, entry in data["partners"].items():
        entry |= {key: first[key] for key in ("kind", "level", "jurisdiction", "clearance")}
        entry["jurisdiction"] = draw(st.sampled_from(("be", "nl"))) if name == PARTNERS[3] else "be"
    book = book_of(data)
    return Scene(data, draw(events()), draw(situations(book)), book)


@settings(
    max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
@given(twins(), st.lists(st.sampled_from(("north", "south", "east")), unique=True))
def test_those_who_are_alike_see_alike(scene: Scene, areas: list[str]) -> None:
    """In every room, each partner sees of an event what the one sees that stands for it."""
    rules = [rule.to for rule in scene.book.playbook.sharing]
    few = Alike(scene.book).sample(rules, [scene.event.areas, frozenset(areas)])
    assert sorted(name for names in few.stands_for.values() for name in names) == sorted(scene.book.playbook.partners)
    question = Question(scene.book, scene.so, scene.event)

    def seen(partner: str) -> dict[tuple[str, bool, str], str | None]:
        rooms = [Room(RoomRef("telegram", "-1"), partner), Room(RoomRef("matrix", "!a"), partner, encrypted=True)]
        answers = {
            (room.ref.network, partner in scene.so.active, name): question.decide(room, name)
            for room in rooms
            for name in FIELDS
        }
        return {key: answer.form if isinstance(answer, Seen) else None for key, answer in answers.items()}

    for one, names in few.stands_for.items():
        for other in names:
            if (one in scene.so.active) == (other in scene.so.active):
                assert seen(other) == seen(one), (one, other)


def test_only_what_is_asked_about_tells_partners_apart() -> None:
    """Two partners that differ in kind alone are one for a selector that asks for a competence both have."""
    twin = "    kind: fire\n    level: regional\n    jurisdiction: nl\n    competences: [rescue, order-evacuation]\n"
    book = river(
        (twin, twin.replace("regional", "local").replace("nl", "be")),
        ('      - {matrix: "#rescue:example.org"}\n      - {telegram: -1001000000002, topic: 4}\n',
         '      - {matrix: "#rescue:example.org"}\n'),
    )  # fmt: skip
    alerts, leads = book.playbook.alerts["evacuation"], book.playbook.sharing[0]
    assert alerts.by is not None
    assert dict(Alike(book).sample([alerts.by, leads.to]).stands_for) == {"city": ("city", "rescue")}
