"""Words across a real bridge: markup, answers, edits, deletions, reactions, threads, topics, long texts, and the sign of what came of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram_html import units
from tests.emulators.telegram_town import Message
from tests.stories.bridge import ADMIN, CARL, DORA, FORUM, HALL, TOPIC, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town for all of these: each says something of its own."""
    async with bridge(synapse, tmp_path_factory.mktemp("words")) as made:
        yield made


def marks(message: Message) -> set[tuple[str, str]]:
    """The marked words of a Telegram message, with what marks them; a link's with where it leads."""
    wide = message.text.encode("utf-16-le")
    found = set()
    for one in message.entities:
        words = wide[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
        found.add((f"{one['type']} {one['url']}" if "url" in one else one["type"], words))
    return found


def entities(text: str, **marked: str) -> list[dict[str, object]]:
    """Telegram's entities: the type by name, and the words of ``text`` that it stands on."""
    return [
        {"type": kind, "offset": units(text.partition(words)[0]), "length": units(words)}
        | ({"url": "https://a.example/?x=1&y=2"} if kind == "text_link" else {})
        for kind, words in marked.items()
    ]


def room_of(town: Bridge, which: str) -> tuple[str, str]:
    """A Matrix room by its name, and the other one."""
    return (town.plain, town.sealed) if which == "plain" else (town.sealed, town.plain)


both = pytest.mark.parametrize("which", ["plain", "sealed"])


async def test_markup_of_telegram_is_markup_on_matrix(town: Bridge) -> None:
    """Bold, code, a spoiler and a link, beside letters that UTF-16 counts twice, in plain and in encrypted rooms and another group."""
    text = "🌊 The <dike> holds: see map & x=1, secret"
    given = entities(text, bold="holds", code="x=1", spoiler="secret", text_link="map")
    await town.telegram.say(HALL, CARL, text, entities=given)
    for room in (town.plain, town.sealed):
        shown = await town.on_matrix(room, "The <dike> holds")
        assert shown.kind == "m.text"
        assert shown.encrypted is (room == town.sealed)
        assert shown.text.startswith("▸ Carl · Hall\n🌊 The <dike> holds: see map & x=1, ")
        assert "secret" not in shown.text
        assert "&lt;dike&gt; <b>holds</b>" in shown.html
        assert "<code>x=1</code>" in shown.html
        assert '<a href="https://a.example/?x=1&amp;y=2">map</a>' in shown.html
        assert "<span data-mx-spoiler>secret</span>" in shown.html
    copy = await town.on_telegram("The <dike> holds", FORUM)
    assert copy.thread == TOPIC
    assert {("bold", "holds"), ("code", "x=1"), ("spoiler", "secret")} <= marks(copy)


@both
async def test_markup_of_matrix_is_markup_on_telegram(town: Bridge, which: str) -> None:
    """What clients write as HTML, with what no network may be given taken out."""
    room, other = room_of(town, which)
    html = (
        f"<p>The <strong>{which} weir</strong> is <em>open</em>, <code>a&lt;b</code></p><ul><li>one</li><li>two</li></ul>"
        '<a href="https://a.example/x">map</a> <span data-mx-spoiler="why">hush</span><script>no()</script>'
        '<a href="javascript:no()">bad</a>'
    )
    await town.ada.say_html(room, html, "plain words")
    copy = await town.on_telegram(f"{which} weir")
    assert {
        ("bold", f"{which} weir"), ("italic", "open"), ("code", "a<b"), ("text_link https://a.example/x", "map"),
        ("spoiler", "hush"),
    } <= marks(copy)  # fmt: skip
    assert "one" in copy.text and "script" not in copy.html and "javascript" not in copy.html
    shown = await town.on_matrix(other, f"{which} weir")
    assert f"<b>{which} weir</b>" in shown.html and "<span data-mx-spoiler>hush</span>" in shown.html


@both
async def test_an_answer_of_telegram_is_one_on_matrix(town: Bridge, which: str) -> None:
    """To what was said on Matrix and carried, and to what was said on Telegram itself."""
    room, other = room_of(town, which)
    asked = await town.ada.say(room, f"Who has {which} boats?")
    copy = await town.on_telegram(f"{which} boats")
    there = await town.on_matrix(other, f"{which} boats")
    mine = await town.telegram.say(HALL, CARL, f"We have {which} ones", reply_to=copy.id)
    assert (await town.on_matrix(room, f"We have {which} ones")).reply_to == asked
    assert (await town.on_matrix(other, f"We have {which} ones")).reply_to == there.event_id
    first = await town.on_matrix(room, f"We have {which} ones")
    await town.telegram.say(HALL, DORA, f"How many {which}?", reply_to=mine.id)
    assert (await town.on_matrix(room, f"How many {which}?")).reply_to == first.event_id


@both
async def test_an_answer_of_matrix_is_one_on_telegram(town: Bridge, which: str) -> None:
    """To what was said on Telegram and carried, to what was said in this very room, and in the forum's topic too."""
    room, other = room_of(town, which)
    asked = await town.telegram.say(HALL, CARL, f"Who has {which} pumps?")
    copy = await town.on_matrix(room, f"{which} pumps")
    answer = await town.ben.reply(room, copy.event_id, f"Two {which} ones here")
    assert (await town.on_telegram(f"Two {which} ones here")).reply_to == asked.id
    there = await town.on_telegram(f"{which} pumps", FORUM)
    assert (await town.on_telegram(f"Two {which} ones here", FORUM)).reply_to == there.id
    assert (await town.on_matrix(other, f"Two {which} ones here")).reply_to == (
        await town.on_matrix(other, f"{which} pumps")
    ).event_id
    mine = await town.on_telegram(f"Two {which} ones here")
    await town.ada.reply(room, answer, f"Bring them {which}")
    assert (await town.on_telegram(f"Bring them {which}")).reply_to == mine.id


async def test_an_edit_on_telegram_changes_every_copy_and_one_of_nothing_none(town: Bridge) -> None:
    """In place, everywhere; an edit without new words reaches nobody."""
    said = await town.telegram.say(HALL, CARL, "The gate is shut")
    before = {room: (await town.on_matrix(room, "gate is shut")).event_id for room in (town.plain, town.sealed)}
    topic = await town.on_telegram("gate is shut", FORUM)
    await town.telegram.edit(HALL, said.id, "The gate is open")
    for room, event in before.items():
        shown = await town.ada.look_until(room, event, lambda one: "gate is open" in one.text)
        assert shown.edited and shown.encrypted is (room == town.sealed)
    await town.telegram.wait_for(lambda: "gate is open" in topic.text)
    await town.telegram.edit(HALL, said.id, "The gate is open")
    await town.telegram.say(HALL, CARL, "After the gate")
    await town.on_matrix(town.plain, "After the gate")
    await town.on_matrix(town.sealed, "After the gate")
    await town.on_telegram("After the gate", FORUM)
    await town.program.at_rest()
    for room, event in before.items():
        edits = [
            one for one in town.ada.timeline(room) if (one.content.get("m.relates_to") or {}).get("event_id") == event
        ]
        assert len([one for one in edits if one.type == "m.room.message"]) == 1
    assert len(topic.edits) == 1


@both
async def test_an_edit_on_matrix_changes_every_copy(town: Bridge, which: str) -> None:
    """Twice in a row, the last words stand; the original on top of which it stands is not said again."""
    room, other = room_of(town, which)
    said = await town.ada.say(room, f"Wall {which} one")
    copy = await town.on_telegram(f"Wall {which} one")
    there = await town.on_matrix(other, f"Wall {which} one")
    await town.ada.edit(room, said, f"Wall {which} two")
    await town.ada.edit(
        room, said, f"Wall {which} three", format="org.matrix.custom.html", formatted_body=f"Wall <b>{which} three</b>"
    )
    await town.telegram.wait_for(lambda: f"{which} three" in copy.text)
    assert ("bold", f"{which} three") in marks(copy)
    await town.ada.look_until(other, there.event_id, lambda one: f"{which} three" in one.text)
    await town.program.at_rest()
    assert len([one for one in town.telegram.messages(HALL) if f"Wall {which}" in one.text]) == 1


@both
async def test_what_is_taken_back_on_matrix_is_gone_everywhere(town: Bridge, which: str) -> None:
    """The copies in both groups and in the other Matrix room."""
    room, other = room_of(town, which)
    said = await town.ada.say(room, f"Not for you {which}")
    copy, topic = await town.on_telegram(f"Not for you {which}"), await town.on_telegram(f"Not for you {which}", FORUM)
    there = await town.on_matrix(other, f"Not for you {which}")
    await town.ada.redact(room, said)
    await town.ada.wait_gone(other, there.event_id)
    await town.telegram.wait_for(lambda: copy.deleted and topic.deleted)


@both
async def test_a_copy_that_a_moderator_removes_stays_away(town: Bridge, which: str) -> None:
    """Only there; whoever spoke sees that not everybody has it, and why by /seen; an edit goes to the others and brings nothing back."""
    room, other = room_of(town, which)
    said = await town.telegram.say(HALL, CARL, f"Rumour of {which}")
    copy, there = await town.on_matrix(room, f"Rumour of {which}"), await town.on_matrix(other, f"Rumour of {which}")
    await town.telegram_sign(HALL, said.id, "👌")
    await town.ada.redact(room, copy.event_id, "not here")
    await town.telegram_sign(HALL, said.id, "🤔")
    await town.telegram.edit(HALL, said.id, f"A rumour in {which}, changed")
    await town.ada.look_until(other, there.event_id, lambda one: f"A rumour in {which}, changed" in one.text)
    await town.program.at_rest()
    assert not [text for text in town.standing(room) if which in text and "umour" in text]
    await town.telegram.say(HALL, CARL, "/seen", reply_to=said.id)
    assert "✂ 1 room has removed it." in (await town.on_telegram("✂ 1", after=said.id)).text


@both
async def test_a_reaction_on_matrix_stands_and_goes_on_telegram(town: Bridge, which: str) -> None:
    """Under what was said on Telegram, and under its copies elsewhere, until it is taken back."""
    room, other = room_of(town, which)
    said = await town.telegram.say(HALL, CARL, f"Ready {which}?")
    copy, there = await town.on_matrix(room, f"Ready {which}?"), await town.on_matrix(other, f"Ready {which}?")
    topic = await town.on_telegram(f"Ready {which}?", FORUM)
    await town.telegram_sign(HALL, said.id, "👌")
    given = await town.ada.react(room, copy.event_id, "❤️")
    await town.telegram_sign(FORUM, topic.id, "❤")
    await town.sign(other, there.event_id, "❤")
    await town.telegram_sign(HALL, said.id, "❤")
    await town.ada.redact(room, given)
    await town.telegram_sign(FORUM, topic.id, None)
    await town.sign(other, there.event_id)
    await town.telegram_sign(HALL, said.id, "👌")


async def test_a_reaction_on_telegram_stands_and_goes_on_matrix(town: Bridge) -> None:
    """Exchanged for another, and taken away; what was said on Matrix keeps its sign."""
    said = await town.ada.say(town.sealed, "All well?")
    copy = await town.on_telegram("All well?")
    there = await town.on_matrix(town.plain, "All well?")
    await town.sign(town.sealed, said, "👌")
    await town.telegram.react(HALL, copy.id, CARL, "👍")
    await town.sign(town.sealed, said, "👌", "👍")
    await town.sign(town.plain, there.event_id, "👍")
    await town.telegram.react(HALL, copy.id, CARL, "🔥")
    await town.sign(town.plain, there.event_id, "🔥")
    await town.telegram.react(HALL, copy.id, CARL)
    await town.sign(town.plain, there.event_id)
    await town.sign(town.sealed, said, "👌")


@both
async def test_a_thread_of_matrix_is_answers_on_telegram_and_back(town: Bridge, which: str) -> None:
    """What is said in a thread answers its beginning on Telegram; an answer there is in the thread on Matrix."""
    room, other = room_of(town, which)
    root = await town.ada.say(room, f"About the {which} crane")
    begun = await town.on_telegram(f"{which} crane")
    there = await town.on_matrix(other, f"{which} crane")
    inside = await town.ada.say_in_thread(room, root, f"It is {which} red")
    carried = await town.on_telegram(f"It is {which} red")
    assert carried.reply_to == begun.id
    shown = await town.on_matrix(other, f"It is {which} red")
    assert shown.thread == there.event_id
    await town.telegram.say(HALL, CARL, f"No, {which} blue", reply_to=carried.id)
    answer = await town.on_matrix(room, f"No, {which} blue")
    assert answer.reply_to == inside
    assert answer.thread == root
    assert (await town.on_matrix(other, f"No, {which} blue")).thread == there.event_id


async def test_a_topic_is_a_room_of_its_own(town: Bridge) -> None:
    """What is said in the bound topic is carried, with answers and reactions; what is said in another topic stays there."""
    town.telegram.topic(FORUM, 9, "canteen")
    await town.telegram.say(FORUM, DORA, "Soup today", thread=9)
    said = await town.telegram.say(FORUM, DORA, "Three ships near", thread=TOPIC)
    copy, hall = await town.on_matrix(town.sealed, "Three ships"), await town.on_telegram("Three ships")
    assert copy.reply_to is None and copy.thread is None and hall.reply_to is None
    await town.ada.reply(town.sealed, copy.event_id, "Which ships")
    answer = await town.on_telegram("Which ships", FORUM)
    await town.program.at_rest()
    assert (answer.reply_to, answer.thread) == (said.id, TOPIC)
    await town.ada.react(town.sealed, copy.event_id, "👍")
    await town.telegram_sign(FORUM, said.id, "👍")
    await town.telegram.react(FORUM, answer.id, DORA, "🔥")
    await town.sign(town.plain, (await town.on_matrix(town.plain, "Which ships")).event_id, "🔥")
    await town.program.at_rest()
    assert not any("Soup" in text for text in [*town.standing(town.plain), *town.standing(town.sealed)])


@both
async def test_what_is_too_long_goes_in_parts(town: Bridge, which: str) -> None:
    """Nothing of it is lost, each part says who speaks; an answer to the second part is one to the whole."""
    room, other = room_of(town, which)
    words = " ".join(f"{which}{number:04}" for number in range(1200))
    said = await town.ada.say(room, words)
    second = await town.on_telegram(f"{which}1199")
    parts = [one for one in town.telegram.messages(HALL) if f"{which}0" in one.text or f"{which}1" in one.text]
    parts = [one for one in parts if one.text.startswith("▸ ada")]
    assert len(parts) >= 2 and parts[-1].id == second.id
    assert " ".join(part.text.partition("\n")[2] for part in parts).split() == words.split()
    assert all(units(part.text) <= 4096 for part in parts)
    await town.program.at_rest()
    await town.telegram.say(HALL, CARL, f"Understood {which}", reply_to=second.id)
    assert (await town.on_matrix(room, f"Understood {which}")).reply_to == said
    whole = await town.on_matrix(other, f"{which}0000")
    assert (await town.on_matrix(other, f"Understood {which}")).reply_to == whole.event_id
    await town.ada.edit(room, said, f"{which} in short")
    await town.telegram.wait_for(
        lambda: f"{which} in short" in parts[0].text and all(one.deleted for one in parts[1:]), 20
    )


@both
async def test_an_edit_that_is_too_long_goes_in_parts_and_back(town: Bridge, which: str) -> None:
    """No network refuses it: the copy says how it begins, the rest follows, once, and goes when it is short again."""
    room, other = room_of(town, which)
    tg = town.telegram
    said = await town.ada.say(room, f"Roster {which}")
    copy, there = await town.on_telegram(f"Roster {which}"), await town.on_matrix(other, f"Roster {which}")
    await town.program.at_rest()
    lines = [f"{which} shift {number}: everybody at the pump house, gate {number}" for number in range(200)]

    def told() -> str:
        return "\n".join(one.text for one in tg.messages(HALL) if one.id >= copy.id and f"{which} shift" in one.text)

    await town.ada.edit(room, said, "\n".join(lines))
    await tg.wait_for(lambda: all(line in told() for line in lines))
    assert lines[0] in copy.text and told().count(lines[-1]) == 1
    assert all(units(one.text) <= 4096 for one in tg.messages(HALL))
    await town.ada.look_until(other, there.event_id, lambda one: lines[0] in one.text)
    await town.ada.edit(room, said, f"{which} shift 0: nobody")
    await tg.wait_for(lambda: told().endswith(f"{which} shift 0: nobody") and told().count("shift") == 1)


async def test_a_long_telegram_message_and_an_answer_to_it(town: Bridge) -> None:
    """4096 letters of Telegram and who speaks are too much for another group, not for Matrix."""
    words = " ".join(f"tg{number:04}" for number in range(580))[:4096]
    said = await town.telegram.say(HALL, CARL, words)
    last = words.split()[-1]
    second = await town.on_telegram(last, FORUM)
    await town.program.at_rest()
    await town.telegram.say(FORUM, DORA, "Long indeed", reply_to=second.id, thread=TOPIC)
    assert (await town.on_telegram("Long indeed")).reply_to == said.id
    shown = await town.on_matrix(town.sealed, "tg0000")
    assert shown.text.endswith(words)
    assert (await town.on_matrix(town.sealed, "Long indeed")).reply_to == shown.event_id


async def test_whoever_is_called_by_name_is_notified(town: Bridge) -> None:
    """``@Name`` of somebody enrolled in the room's partner mentions them on Matrix, in their room only."""
    tg, ben = town.telegram, town.ben
    await tg.start(ADMIN)
    await tg.say(ADMIN, ADMIN, "/invite liaison police")
    code = (await tg.wait_message(ADMIN, "/start ")).text.split("/start ")[1].split()[0]
    await ben.say(town.sealed, f"/start {code}")
    await tg.wait_message(ADMIN, "was redeemed")
    await tg.say(HALL, CARL, f"@{ben.name}: come to the bridge, @nobody")
    for room, mentioned in ((town.sealed, [ben.user]), (town.plain, [])):
        shown = await town.on_matrix(room, "come to the bridge")
        assert shown.mentions == mentioned and not shown.loud
    await town.ada.say(town.plain, f"and you too @{ben.name}")
    assert (await town.on_matrix(town.sealed, "and you too")).mentions == [ben.user]


@both
async def test_the_sign_says_who_has_what_was_said_on_matrix(town: Bridge, which: str) -> None:
    """👌 under what all rooms have; 🤔 where some may not have it, 🙊 where none may."""
    room, _ = room_of(town, which)
    hello = await town.ben.say(room, f"Hello {which}")
    await town.sign(room, hello, "👌")
    hush = await town.ben.say(room, f"[red] Hush {which}")
    await town.sign(room, hush, "🙊" if which == "sealed" else "🤔")
    assert not any("Hush" in one.text for one in town.telegram.messages(HALL))


async def test_the_sign_says_who_has_what_was_said_on_telegram(town: Bridge) -> None:
    """What is red goes into the encrypted room alone."""
    loud = await town.telegram.say(HALL, CARL, "Hello from the hall")
    await town.telegram_sign(HALL, loud.id, "👌")
    secret = await town.telegram.say(HALL, CARL, "[red] only for the police")
    await town.telegram_sign(HALL, secret.id, "🤔")
    assert "only for the police" in (await town.on_matrix(town.sealed, "only for the police")).text
    assert not any("only for" in text for text in town.standing(town.plain))
