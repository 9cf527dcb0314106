"""/checkin: a partner answers a round, by button, reaction, reply or command; and whoever may starts one, and reads how it stands."""

from __future__ import annotations

from handlers import cards, checkin_words, checkins, escalation, gates, help_wanted, round_card
from handlers.case import Case
from handlers.command import nearest, short_ids
from handlers.coordinators import between_two
from handlers.moments import moment
from handlers.taps import Choice, fits
from handlers.waiting import waits
from handlers.world import sight_room
from playbooks import sight
from playbooks.cleared import (
    Cleared,
    clock,
    echo,
    figure,
    glue,
    listed,
    name,
    phone,
    quote,
    short_id,
    strong,
)
from playbooks.schema import Checkin
from storage.deployment import Binding
from storage.effects import Effect, Tap, Urgency
from storage.facts import CheckinAnswered
from storage.incident import Given, Round

START = frozenset(("start", "begin", "démarrer", "commencer", "starten", "begin", "beginnen", "avvia", "iniciar"))
END = frozenset(("end", "stop", "fin", "terminer", "einde", "ende", "fine", "terminar"))
LONGEST_WORDS = 1500


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/checkin``, ``/checkin start NAME``, ``/checkin end C-3``, ``/checkin C-3`` or ``NAME``, ``/checkin [C-3] ANSWER words``."""
    assert case.book is not None and case.incident is not None
    first, _, rest = arguments.strip().partition(" ")
    if not first:
        return _waiting(case)
    if first.lower() in START:
        return _start(case, rest.strip())
    if first.lower() in END:
        return _end(case, rest.strip())
    named = _named(case, first)
    if named is None:
        return _answer(case, None, arguments.strip())
    if named not in case.incident.rounds:
        return [case.answer(case.say("There is no round {round} here.", round=short_id(named)))]
    return _answer(case, named, rest.strip()) if rest.strip() else _summary(case, named)


def _named(case: Case, word: str) -> str | None:
    """The round that a word names, by its id or by its check-in's name; None: it names none, and may be an answer."""
    assert case.book is not None and case.incident is not None
    ids = [one for one in short_ids(word) if one.startswith("C-")]
    if ids:
        return ids[0]
    called = word.lower()
    checkin = case.book.playbook.checkins.get(called)
    mine = [i for i, r in case.incident.rounds.items() if r.fact.name == called]
    if checkin is None or not mine or called in checkin.answers or called in checkin_words.ANSWERS:
        return None
    return mine[-1]


# --- without arguments -----------------------------------------------------------------------------------------------


def _waiting(case: Case) -> list[Effect]:
    """What waits for us, each with its buttons; and for those who may, what they could start."""
    assert case.book is not None and case.incident is not None
    lines: list[Cleared] = []
    taps: list[tuple[Choice, ...]] = []
    for identifier in _unanswered(case):
        round_ = case.incident.rounds[identifier]
        checkin = case.book.playbook.checkins[round_.fact.name]
        lines.append(checkins.question(case.book, case.reader, checkin, round_.fact, case.now, again=False))
        taps += checkin_words.taps_for(case.book, case.reader, identifier, checkin.answers)
    if not lines:
        lines.append(case.say("No check-in waits for your answer."))
    waiting = len(taps) > 0
    if gates.conducts(case):
        taps += _startable(case)
        taps += [
            (case.tap("How {round} stands", f"/checkin {i}", "🔎", round=short_id(i)),)
            for i, r in case.incident.rounds.items()
            if r.ended is None
        ]
    urgency = Urgency.PROMPT if waiting else Urgency.ANSWER
    about = _unanswered(case)[0] if len(_unanswered(case)) == 1 else None
    return [case.answer(glue(lines, "\n\n"), taps, urgency=urgency, about=about)]


def _unanswered(case: Case) -> list[str]:
    """The rounds in which our answer is awaited."""
    assert case.book is not None and case.incident is not None
    rounds = case.incident.rounds
    return [
        i
        for i in rounds
        if case.actor.partner in waits(case.book, case.incident, i, case.world.who) and _checkin(case, rounds[i])
    ]


def _checkin(case: Case, round_: Round) -> Checkin | None:
    assert case.book is not None
    return case.book.playbook.checkins.get(round_.fact.name)


def _startable(case: Case) -> list[tuple[Choice, ...]]:
    assert case.book is not None and case.incident is not None
    return [
        (
            case.choice(
                "Start {name}", f"/checkin start {called}", f"{number}️⃣", name=quote(case.book, case.reader, called)
            ),
        )
        for number, (called, checkin) in enumerate(list(case.book.playbook.checkins.items())[:9], 1)
        if checkins.belongs(checkin, case.incident.phase)
    ]


# --- starting and ending -----------------------------------------------------------------------------------------------


def _may_not(case: Case, line: int) -> list[Effect]:
    words = case.say("Not done. Rounds of check-ins are started and ended by whoever leads, and by coordinators.")
    return case.refuse(words, "/checkin", "not-theirs", line)


def _start(case: Case, arguments: str) -> list[Effect]:
    """``/checkin start NAME [again]``."""
    assert case.book is not None and case.incident is not None
    known = case.book.playbook.checkins
    if not known:
        return [case.answer(case.say("This playbook has no check-ins."))]
    called, _, more = arguments.lower().partition(" ")
    checkin = known.get(called)
    if not gates.conducts(case):
        return _may_not(case, case.book.line("checkins", called) if checkin is not None else case.book.line("checkins"))
    if checkin is None:
        if not called:
            return [case.answer(case.say("Start which check-in?"), _startable(case), urgency=Urgency.PROMPT)]
        near = nearest(called, list(known))
        typed = echo(called[:60], case.request.room)
        if near is None:
            return [case.answer(case.say("There is no check-in {typed}.", typed=typed), _startable(case))]
        meant = quote(case.book, case.reader, near)
        words = case.say("There is no check-in {typed}. Did you mean {near}?", typed=typed, near=meant)
        return [case.answer(words, [[case.choice("Start {name}", f"/checkin start {near}", "✅", name=meant)]])]
    if not checkins.belongs(checkin, case.incident.phase):
        words = case.say(
            "Not started. {name} belongs to another phase (playbook line {line}).",
            name=quote(case.book, case.reader, called),
            line=figure(case.book.line("checkins", called, "in")),
        )
        return case.refuse(words, "/checkin", "phase", case.book.line("checkins", called, "in"))
    running = case.incident.round_of(called)
    if running is not None and more.strip() != "again":
        words = case.say(
            "{round} is going on, since {time}. A new round ends it.",
            round=short_id(running.fact.round),
            time=moment(case.book, running.at, case.now, case.reader.languages),
        )
        command = f"/checkin start {called} again"
        taps = [[case.choice("Start a new round", command, "🔁")]]
        return [case.answer(words, taps)]
    fact, effects = checkins.begin(case.world, case.incident, called, "hand", case.actor.person, case.now, case.now)
    known_to_us = {p: how for p, how in fact.partners.items() if listed(case.book, case.reader, p)}
    asked = sum(1 for how in known_to_us.values() if how is not None)
    lines = [
        case.says(
            "{round}: {count} partner is asked.",
            "{round}: {count} partners are asked.",
            asked,
            round=short_id(fact.round),
        )
    ]
    roomless = [p for p, how in known_to_us.items() if how is None]
    if roomless:
        each = [glue([name(case.book, case.reader, p), phone(case.book, case.reader, p)], " ") for p in roomless]
        lines.append(case.say("No room to ask in, please ring: {partners}", partners=glue(each, " · ")))
    return [*effects, case.answer(glue(lines), about=fact.round)]


def _end(case: Case, arguments: str) -> list[Effect]:
    """``/checkin end C-3``."""
    assert case.book is not None and case.incident is not None
    running = [i for i, r in case.incident.rounds.items() if r.ended is None]
    if not gates.conducts(case):
        return _may_not(case, case.book.line("checkins"))
    wanted = _named(case, arguments) if arguments else (running[0] if len(running) == 1 else None)
    if wanted is None and running:
        taps = [[case.tap("End {round}", f"/checkin end {i}", "⏹️", round=short_id(i))] for i in running[:9]]
        return [case.answer(case.say("End which round?"), taps)]
    if wanted not in running:
        return [case.answer(case.say("No such round is going on."))]
    effects = checkins.ended(case.world, case.incident, str(wanted), "person", case.actor.person, case.now)
    return [
        *effects,
        case.answer(case.say("{round} is over: nobody is reminded any more.", round=short_id(str(wanted)))),
    ]


# --- how it stands -----------------------------------------------------------------------------------------------------


def _summary(case: Case, identifier: str) -> list[Effect]:
    """How a round stands, as far as whoever asks may see it here."""
    assert case.book is not None and case.incident is not None
    sees, room = sees_from(case)
    told = None
    if sees:
        told = round_card.render(case.world, case.incident, identifier, case.reader, room, case.now)
    if told is None:
        told = case.say("How {round} stands, I tell coordinators in a private chat.", round=short_id(identifier))
    return [case.answer(told, about=identifier)]


def sees_from(case: Case) -> tuple[bool, sight.Room | None]:
    """Where the answer will be read, as the rule of sight knows it: a partner's room or chat, else (None) a coordinator's chat."""
    assert case.book is not None and case.incident is not None
    here, partner = case.request.room, case.actor.partner
    private = case.request.private and between_two(case.world, here)
    if private and case.actor.coordinator and sight.coordinator_sees(case.book, here.network, "_delivery"):
        return True, None
    if partner is None:
        return False, None
    binding = case.world.who.binding(case.incident.playbook, here)
    if binding is not None and binding.partner == partner:
        return True, sight_room(case.world, binding)
    # In private they are shown what their partner may be shown on that network.
    return private, sight_room(case.world, Binding("", partner, here, None, "")) if private else None


# --- answering -----------------------------------------------------------------------------------------------------------


def _answer(case: Case, identifier: str | None, typed: str) -> list[Effect]:
    """Somebody answers: the round they name or reply to, else the one that waits for them."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None:
        words = case.say("This chat belongs to no partner. Please answer in your partner's room.")
        return case.refuse(words, "/checkin", "no-partner")
    mine = [i for i, r in case.incident.rounds.items() if partner in r.fact.partners and _checkin(case, r) is not None]
    about = case.request.about.about if case.request.about is not None else None
    if identifier is None and about in mine:
        identifier = about
    if identifier is None:
        running = [i for i in mine if case.incident.rounds[i].ended is None]
        waiting = _unanswered(case) or running
        if len(waiting) > 1:
            return _which(case, waiting, typed)
        identifier = waiting[0] if waiting else None
    if identifier is None or identifier not in mine:
        return [case.answer(case.say("No check-in waits for your answer."))]
    checkin = _checkin(case, case.incident.rounds[identifier])
    assert checkin is not None
    raised, wrote = checkin_words.raised_in(typed)
    found = checkin_words.answer_in(wrote, checkin.answers)
    if found is None:
        return _unreadable(case, identifier, checkin, typed)
    more, said = checkin_words.raised_in(found[1])
    return _given(case, identifier, found[0], said, raised or more)


def _which(case: Case, waiting: list[str], typed: str) -> list[Effect]:
    taps = []
    for number, identifier in enumerate(waiting[:9], 1):
        command = f"/checkin {identifier} {typed}"
        if fits(command):
            taps.append([case.tap("{round}", command, f"{number}️⃣", round=short_id(identifier))])
    ids = glue([short_id(identifier) for identifier in waiting], ", ")
    return [case.answer(case.say("Which one? Write its id with your answer: {rounds}.", rounds=ids), taps)]


def _unreadable(case: Case, identifier: str, checkin: Checkin, typed: str) -> list[Effect]:
    """None of the answers: they are offered, and carry what was said where that is short enough."""
    assert case.book is not None
    taps = []
    for number, answer in enumerate(checkin.answers[:9]):
        command = checkin_words.command(identifier, answer, number)
        with_words = f"{command} {typed}"
        label = checkin_words.said(case.book, case.reader, answer)
        meant = with_words if fits(with_words) and len(typed.split()) > 1 else command
        taps.append(Tap(label, meant, checkin_words.sign(checkin.answers, number)))
    answers = glue([checkin_words.said(case.book, case.reader, one) for one in checkin.answers], " · ")
    words = case.say(
        "{round}: which is it, {answers}? Begin with one of these, then say more.",
        round=short_id(identifier),
        answers=answers,
    )
    return [case.answer(words, [taps[i : i + 3] for i in range(0, len(taps), 3)], about=identifier)]


def replied(case: Case, identifier: str) -> list[Effect]:
    """A reply to a question of a round: one of its answers; or, to what was answered, what there is to say besides."""
    assert case.book is not None and case.incident is not None
    round_, partner = case.incident.rounds[identifier], case.actor.partner
    checkin = _checkin(case, round_)
    if partner is None or partner not in round_.fact.partners or checkin is None:
        return []
    raised, said = checkin_words.raised_in(case.request.text)
    before = round_.answers.get(partner, ())
    if checkin_words.answer_in(said, checkin.answers) is None and before:
        # What one needs, or what does not work, is said in a second message.
        return _given(case, identifier, before[-1].answer, said, raised) if before[-1].answer != "ok" else []
    return _answer(case, identifier, case.request.text)


def spoken(case: Case) -> list[Effect]:
    """Words in a private chat that answer nothing of ours: an answer, where exactly one round waits for it."""
    waiting = _unanswered(case)
    if len(waiting) != 1 or case.incident is None:
        return []
    checkin = _checkin(case, case.incident.rounds[waiting[0]])
    words = checkin_words.raised_in(case.request.text)[1]
    if checkin is None or checkin_words.answer_in(words, checkin.answers) is None:
        return []
    return _answer(case, waiting[0], case.request.text)


def _given(case: Case, identifier: str, answer: str, words: str, raised: str | None) -> list[Effect]:
    """An answer is recorded, confirmed, and told to whoever must act on it."""
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    partner, round_ = case.actor.partner, case.incident.rounds[identifier]
    before = round_.answers.get(partner, ())
    words = words.strip()[:LONGEST_WORDS]
    said = checkin_words.said(case.book, case.reader, answer)
    if before and not words and (before[-1].answer, before[-1].person) == (answer, case.actor.person):
        if case.request.via != "command":
            return []  # a second tap on the same button
        return [case.answer(case.say("Already noted: {round} · {answer}.", round=short_id(identifier), answer=said))]
    late = checkins.is_late(round_, case.now)
    fact = CheckinAnswered(
        identifier, partner, case.actor.person, case.request.room, answer, words or None, late, case.request.via, raised
    )
    line = case.say(
        "Noted {time}, late: {partner} · {answer} · {round}"
        if late
        else "Noted {time}: {partner} · {answer} · {round}",
        time=clock(case.book, case.now),
        partner=name(case.book, case.reader, partner),
        answer=strong(said),
        round=short_id(identifier),
    )
    effects: list[Effect] = [case.record(fact), *escalation.stopped(identifier, partner)]
    lines = [line]
    if answer == help_wanted.HELP:
        given = Given(answer, words or None, case.actor.person, case.now, late, raised)
        told = help_wanted.tell_of_help(
            case.world, case.incident, identifier, partner, (*before, given), case.now, avoiding=case.request.room
        )
        effects += told
        lines += help_wanted.what_now(case, partner, told, more=bool(words))
    effects += cards.touched(case.incident, identifier, case.now)
    return [*effects, case.answer(glue(lines), about=identifier)]
