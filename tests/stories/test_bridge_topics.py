"""Topics of Telegram forums across a real bridge: as threads, as rooms, and closed; and whom the words call there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import ADMIN, CARL, DORA, FORUM, HALL, TOPIC, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town for all of these; the hall's group, which is bound whole, is a forum."""
    async with bridge(synapse, tmp_path_factory.mktemp("topics")) as made:
        made.telegram.chats[HALL].forum = True
        yield made


def new_topic(town: Bridge, name: str) -> int:
    """A topic of the hall's."""
    number = town.telegram.chats[HALL].last_id + 1
    town.telegram.topic(HALL, number, name)
    return number


async def test_a_topic_of_a_forum_that_is_bound_whole_is_a_thread(town: Bridge) -> None:
    """In plain and encrypted rooms; what is said in the thread comes back into the topic; elsewhere on Telegram it answers what began it."""
    topic = new_topic(town, "Pumps")
    began = await town.telegram.say(HALL, CARL, "The pump is broken", thread=topic)
    await town.telegram.say(HALL, CARL, "Who has spares?", thread=topic)
    roots = {room: await town.on_matrix(room, "The pump is broken") for room in (town.plain, town.sealed)}
    for room, root in roots.items():
        assert root.thread is None
        assert (await town.on_matrix(room, "Who has spares?")).thread == root.event_id
    ships = await town.on_telegram("The pump is broken", FORUM)
    assert (await town.on_telegram("Who has spares?", FORUM)).reply_to == ships.id
    await town.ada.say_in_thread(town.plain, roots[town.plain].event_id, "We have two spares")
    back = await town.on_telegram("We have two spares")
    assert (back.thread, back.reply_to) == (topic, None)
    assert (await town.on_matrix(town.sealed, "We have two spares")).thread == roots[town.sealed].event_id
    await town.telegram.say(FORUM, DORA, "Boat brings them", thread=TOPIC, reply_to=ships.id)
    brought = await town.on_telegram("Boat brings them")
    assert (brought.thread, brought.reply_to) == (topic, began.id)
    assert (await town.on_matrix(town.plain, "Boat brings them")).thread == roots[town.plain].event_id
    await town.telegram.react(HALL, back.id, CARL, "👍")
    await town.sees(town.sealed, lambda one: "We have two spares" in one.text and bool(one.reactions))
    await town.telegram.say(HALL, CARL, "Said in General")
    assert (await town.on_matrix(town.plain, "Said in General")).thread is None


async def test_a_thread_that_begins_on_matrix_gets_a_topic_in_a_forum(town: Bridge) -> None:
    """Made once, also across a restart, called after who began it and when; what is said there is in the thread. Elsewhere it is answers."""
    tg = town.telegram
    known = set(tg.chats[HALL].topics)
    root = await town.ada.say(town.plain, "The dike leaks")
    general = await town.on_telegram("The dike leaks")
    ships = await town.on_telegram("The dike leaks", FORUM)
    await town.program.at_rest()
    await town.ada.say_in_thread(town.plain, root, "Sandbags are coming")
    first = await town.on_telegram("Sandbags are coming")
    [topic] = set(tg.chats[HALL].topics) - known
    assert (first.thread, first.reply_to, general.thread) == (topic, general.id, None)
    assert re.fullmatch(r"\d\d:\d\d ada-\w+ · Fire", tg.chats[HALL].topics[topic])
    assert (await town.on_telegram("Sandbags are coming", FORUM)).reply_to == ships.id
    sealed = (await town.on_matrix(town.sealed, "The dike leaks")).event_id
    await town.telegram.say(HALL, CARL, "How many?", thread=topic)
    assert (await town.on_matrix(town.plain, "How many?")).thread == root
    assert (await town.on_matrix(town.sealed, "How many?")).thread == sealed
    await town.restart()
    await town.ada.say_in_thread(town.sealed, sealed, "Two hundred")
    again = await town.on_telegram("Two hundred")
    assert (again.thread, again.reply_to) == (topic, None)
    assert set(tg.chats[HALL].topics) == known | {topic}


@pytest.mark.parametrize("how", ["closed", "deleted"])
async def test_a_thread_outlives_its_topic(town: Bridge, how: str) -> None:
    """What is said in a thread whose topic takes nothing any more is not lost: it is said in General."""
    tg = town.telegram
    root = await town.ada.say(town.plain, f"A boat drifts, {how}")
    await town.on_telegram(f"A boat drifts, {how}")
    await town.program.at_rest()
    await town.ada.say_in_thread(town.plain, root, f"It is at the quay, {how}")
    topic = (await town.on_telegram(f"It is at the quay, {how}")).thread
    assert topic is not None
    await town.program.at_rest()
    if how == "closed":
        tg.close_topic(HALL, topic)
    else:
        del tg.chats[HALL].topics[topic]
    await town.ada.say_in_thread(town.plain, root, f"It sank, {how}")
    assert (await town.on_telegram(f"It sank, {how}")).thread is None


async def test_a_topic_is_made_once_also_where_we_are_killed_before_anything_stands_in_it(town: Bridge) -> None:
    """It is kept before the first message goes there: nobody knows what became of that one, what follows goes into the same topic."""
    tg = town.telegram
    root = await town.ada.say(town.plain, "The bridge is closed")
    await town.on_telegram("The bridge is closed")
    await town.program.at_rest()
    known = set(tg.chats[HALL].topics)
    tg.fault("delay-before", chat=HALL, seconds=5.0)
    await town.ada.say_in_thread(town.plain, root, "Which way round?")
    await tg.wait_for(lambda: not tg._faults)
    await town.program.kill()
    await town.start()
    await town.ada.say_in_thread(town.plain, root, "By the ferry")
    [topic] = set(tg.chats[HALL].topics) - known
    assert (await town.on_telegram("By the ferry")).thread == topic
    assert not any("Which way round?" in one.text for one in tg.messages(HALL))


@pytest.mark.parametrize("failure", ["drop-after", "5xx-before"])
async def test_a_thread_goes_on_where_nobody_knows_whether_its_topic_was_made(town: Bridge, failure: str) -> None:
    """Telegram does not answer when it is asked for a topic: what begins the thread arrives as an answer, and no second topic is made, also after a restart."""
    tg = town.telegram
    root = await town.ada.say(town.plain, f"The lock jams, {failure}")
    general = await town.on_telegram(f"The lock jams, {failure}")
    await town.program.at_rest()
    tg.fault(failure, method="createForumTopic")
    known = set(tg.chats[HALL].topics)
    for words in (f"The smith is called, {failure}", f"He is here, {failure}"):
        await town.ada.say_in_thread(town.plain, root, words)
        answer = await town.on_telegram(words)
        assert (answer.thread, answer.reply_to) == (None, general.id)
        await town.restart()
    assert len(set(tg.chats[HALL].topics) - known) == (1 if failure == "drop-after" else 0)


async def test_where_no_topic_may_be_made_a_thread_is_answers(town: Bridge) -> None:
    """The bot asks once, and nothing is late or lost for it."""
    tg = town.telegram
    known = set(tg.chats[HALL].topics)
    tg.chats[HALL].status = "member"
    try:
        root = await town.ada.say(town.plain, "The pump stands still")
        general = await town.on_telegram("The pump stands still")
        await town.program.at_rest()
        for words in ("No fuel", "Fuel is here"):
            await town.ada.say_in_thread(town.plain, root, words)
            answer = await town.on_telegram(words)
            assert (answer.thread, answer.reply_to) == (None, general.id)
        assert set(tg.chats[HALL].topics) == known
    finally:
        tg.chats[HALL].status = "administrator"


async def test_whoever_is_called_has_no_need_of_a_username(town: Bridge) -> None:
    """``@Dora Mare`` of the Ships mentions her in their room alone; a shorter name is nobody's."""
    tg = town.telegram
    tg.user(DORA, "Dora Mare", "en")
    await tg.start(ADMIN)
    await tg.say(ADMIN, ADMIN, "/invite liaison ships")
    code = (await tg.wait_message(ADMIN, "/start ")).text.split("/start ")[1].split()[0]
    await tg.start(DORA, code)
    await tg.wait_message(ADMIN, "was redeemed")
    await town.ada.say(town.plain, "To @dora mare: `x`, and @Dora alone")
    called = await town.on_telegram("To @dora mare", FORUM)
    [mention] = [one for one in called.entities if one["type"] == "text_mention"]
    words = called.text.encode("utf-16-le")[2 * mention["offset"] : 2 * (mention["offset"] + mention["length"])]
    assert (mention["user"]["id"], words.decode("utf-16-le")) == (DORA, "@dora mare")
    elsewhere = await town.on_telegram("To @dora mare")
    assert "text_mention" not in {one["type"] for one in elsewhere.entities}


async def test_a_closed_topic_takes_nothing_and_is_told_of_once(town: Bridge) -> None:
    """The lead learns it at the first message, not again at the second; when the topic is open again, what is said arrives, with what was missed."""
    town.telegram.close_topic(FORUM, TOPIC)
    before = await town.telegram.say(HALL, CARL, "First into the wall")
    told = await town.on_matrix(town.plain, "does not reach a room of Ships")
    assert "the topic is closed" in told.text
    await town.telegram_sign(HALL, before.id, "🤔")
    second = await town.telegram.say(HALL, CARL, "Second into the wall")
    await town.telegram_sign(HALL, second.id, "🤔")
    await town.program.at_rest()
    assert sum("does not reach a room of Ships" in text for text in town.standing(town.plain)) == 1
    assert "into the wall" not in "".join(one.text for one in town.telegram.messages(FORUM))
    town.telegram.reopen_topic(FORUM, TOPIC)
    third = await town.telegram.say(HALL, CARL, "Open again")
    assert (await town.on_telegram("Open again", FORUM)).thread == TOPIC
    await town.on_matrix(town.plain, "reaches Ships (Telegram) again")
    await town.telegram_sign(HALL, third.id, "👌")
    missed = await town.on_telegram("First into the wall", FORUM)
    assert "Second into the wall" in missed.text and missed.thread == TOPIC
