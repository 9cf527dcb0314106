"""What was edited before it could be heard, because its key came late or a homeserver told of the edit first.

It is told as it is now, and held as closely as any version of it asks: no room is ever shown what an edit had taken from it already. The log has it as
it was said, and each change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from handlers.carrying import content
from handlers.raised import higher, marked
from playbooks.labels import Tlp
from playbooks.restricted import restricted
from playbooks.spoken import Spoken, Version
from storage.effects import Effect, Record, Remember
from storage.facts import Said, SaidAnew
from storage.store import Utterance

Marked = tuple[Spoken, str | None, str | None]


def marked_now(spoken: Spoken, versions: Sequence[Version], how: Callable[[Spoken], Marked] = marked) -> Marked:
    """What ``marked`` finds in what it says now; the colour is the highest of all its ``versions``. ``how``: how each is read.

    What looks like a label and is none is held as for an edit: red, once there was a version of which it was known how closely it is held.
    """
    rest, raised, unknown = how(spoken)
    known = False
    for one in versions[:-1]:
        _, colour, slip = how(_read(one))
        raised = higher(raised, colour, Tlp.RED.word if known and slip is not None else None)
        known = known or slip is None
    return (rest, Tlp.RED.word, None) if known and unknown is not None else (rest, raised, unknown)


def on_record(effects: list[Effect], versions: Sequence[Version]) -> list[Effect]:
    """What something leads to that was said now, with the facts of how it came to say that."""
    fact = next((one.fact for one in effects if isinstance(one, Record) and isinstance(one.fact, Said)), None)
    if len(versions) < 2 or not isinstance(fact, Said):
        return effects
    result: list[Effect] = []
    for one in effects:
        match one:
            case Record(stream=stream, fact=Said()):
                said = _said(effects, fact)
                result.append(Record(stream, replace(fact, content=_content(said, versions[0]))))
                result += [
                    Record(
                        stream,
                        SaidAnew(
                            said.id, each.at, said.raised, _content(said, each), fact.left_out, fact.never, said.person
                        ),
                    )
                    for each in versions[1:]
                ]
            case Remember(what=Utterance() as said) if said.id == fact.said:
                times = len(versions) if said.versions else 0
                result.append(Remember(replace(said, versions=times, changed=versions[-1].at)))
            case _:
                result.append(one)
    return result


def _said(effects: Sequence[Effect], fact: Said) -> Utterance:
    kept = (one.what for one in effects if isinstance(one, Remember) and isinstance(one.what, Utterance))
    return next(one for one in kept if one.id == fact.said)


def _content(said: Utterance, version: Version) -> dict[str, object]:
    return content(replace(said, spoken=marked(_read(version))[0]))


def _read(version: Version) -> Spoken:
    return replace(version.spoken, html=restricted(version.spoken.html).strip("\n"))
