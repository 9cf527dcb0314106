"""What every network makes of what the bot carries: files, places, polls, threads and reactions are seen as they were meant, byte for byte."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from bot.networks.matrix_card import vcard
from bot.networks.port import Refused, Sent
from playbooks.rooms import RoomRef
from playbooks.spoken import Contact, card
from tests.contracts.stand import BUTTONS, Stand
from tests.contracts.talk import ALBUM, CARD, PHOTO, QUESTION, THINGS, Seen, Thing, marked
from tests.contracts.test_talk_heard import CODE, FOLDED, FORMATTED

pytestmark = pytest.mark.asyncio(loop_scope="module")

POINT = (50_633_333, -5_566_667)


def assert_is(stand: Stand, seen: Seen, thing: Thing, *, worded: bool = True) -> None:
    """A message holds this file, every byte of it, under its name and as its kind; encrypted where the room is."""
    assert seen.file is not None
    assert seen.file.digest == thing.digest
    assert seen.file.kind == (stand.shows_as.get(thing.kind, thing.kind) if worded else thing.kind)
    assert seen.file.name in (thing.name, "")
    assert seen.file.name or thing.kind not in ("file", "video")
    assert seen.sealed is stand.sealed


async def test_formatting_is_seen_as_it_was_meant(stand: Stand, room: RoomRef) -> None:
    """Everything that restricted HTML can say is seen, hidden words as hidden."""
    sent = await stand.sent(room, FORMATTED)
    seen = await stand.see(room, "Crue")
    assert seen.id == sent
    assert (seen.text, seen.marks) == marked(FORMATTED)


async def test_code_is_seen_with_its_language(stand: Stand, room: RoomRef) -> None:
    """A block of code is seen in the language that its speaker gave it."""
    await stand.sent(room, CODE)
    seen = await stand.see(room, "voici")
    assert (seen.text, seen.marks) == marked(CODE)


async def test_a_quotation_that_unfolds(stand: Stand, room: RoomRef) -> None:
    """Where quotations can be folded a long one is seen so; elsewhere it is a quotation."""
    await stand.sent(room, FOLDED)
    seen = await stand.see(room, "cité")
    assert (seen.text, seen.marks) == marked(FOLDED if stand.folds else FOLDED.replace(" expandable", ""))


async def test_addresses_are_not_lost(stand: Stand, room: RoomRef) -> None:
    """What a link for mail or a telephone number leads to is there to tap or to read, in words, in an edit and under a file; said once where the words say it."""
    html = '<a href="mailto:crisis@liege.be?subject=dike">Ecris</a>, <a href="tel:+3242220000">rufe</a> ou <a href="tel:+32-112">+32112</a> {}'
    sent = await stand.sent(room, html.format("un"))
    await stand.sent(room, html.format("deux"), files=(stand.spooled(PHOTO),))
    await stand.see(room, "un")
    assert isinstance(await stand.send(room, html.format("trois"), kind="edit", replaces=sent), Sent)
    for word in ("deux", "trois"):
        seen = await stand.see(room, word)
        if stand.links_addresses:
            assert (seen.text, seen.marks) == marked(html.format(word))
        else:
            assert seen.text == f"Ecris (crisis@liege.be), rufe (+3242220000) ou +32112 {word}"


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.kind)
async def test_a_file_is_seen_with_its_words(stand: Stand, room: RoomRef, thing: Thing) -> None:
    """Each kind of file stands there as what it is, its bytes unchanged, with formatted words, as an answer to what it answers."""
    question = await stand.say(room, "montre")
    await stand.hear_text(room, "montre")
    words = f"<b>Ada</b> (Liège) {thing.kind} &amp; <i>eau</i>"
    sent = await stand.sent(room, words, files=(stand.spooled(thing),), reply_to=question)
    seen = await stand.see(room, f"Ada (Liège) {thing.kind}")
    assert (seen.id, seen.reply_to) == (sent, question)
    assert (seen.text, seen.marks) == marked(words)
    assert_is(stand, seen, thing)


async def test_a_file_goes_on_to_another_room(stand: Stand, room: RoomRef) -> None:
    """What was heard in one room is seen in another of the same network, also where the network is not given the bytes again."""
    other = await stand.room()
    await stand.give(room, PHOTO, "le pont")
    heard = await stand.hear(room, "message")
    assert heard.spoken is not None and heard.spoken.file is not None
    source = replace(heard.spoken.file, size=len(PHOTO.data))
    await stand.sent(other, "Ada : le pont", files=(stand.spooled(PHOTO, source),))
    assert_is(stand, await stand.see(other, "Ada : le pont"), PHOTO)


async def test_words_under_a_file_are_changed(stand: Stand, room: RoomRef) -> None:
    """An edit of the words under a file leaves the file, and may be repeated."""
    sent = await stand.sent(room, "Ada : pont de Fragné", files=(stand.spooled(PHOTO),))
    await stand.see(room, "Fragné")
    for _ in range(2):
        edit = stand.out(room, "Ada : pont de <b>Fragnée</b>", kind="edit", replaces=sent, caption=True)
        assert isinstance(await stand.port.send(edit), Sent)
    seen = await stand.see(room, "Fragnée")
    assert (seen.id, seen.text) == (sent, "Ada : pont de Fragnée")
    assert seen.marks == (("b", "Fragnée", ""),)
    assert_is(stand, seen, PHOTO)
    assert len(await stand.seen(room)) == 1


async def test_a_file_can_be_removed(stand: Stand, room: RoomRef) -> None:
    """A file that was taken back where it was sent stands nowhere any more."""
    sent = await stand.sent(room, "à tort", files=(stand.spooled(PHOTO),))
    await stand.see(room, "à tort")
    assert await stand.send(room, "", kind="delete", replaces=sent) == Sent(sent)
    await stand.gone(room, sent)
    assert await stand.seen(room) == []


async def test_an_album_is_seen_together(stand: Stand, room: RoomRef) -> None:
    """Several files come in their order, each with an id of its own, the words once; each can be removed."""
    files = tuple(map(stand.spooled, ALBUM))
    outcome = await stand.send(room, "<b>Ada</b> : le pont", files=files)
    assert isinstance(outcome, Sent)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    seen = [one for one in await stand.seen(room) if one.text != "fin"]
    of_files = [one for one in seen if one.file is not None]
    assert [one.id for one in of_files] == [outcome.message_id, *outcome.others]
    assert [one.file.digest for one in of_files if one.file] == [thing.digest for thing in ALBUM]
    assert [one.text for one in seen if one.text] == ["Ada : le pont"]
    for name in (outcome.message_id, *outcome.others):
        assert isinstance(await stand.send(room, "", kind="delete", replaces=name), Sent)
        await stand.gone(room, name)
    assert [one.text for one in await stand.seen(room) if one.file] == []


async def test_the_same_file_again(stand: Stand, room: RoomRef) -> None:
    """Sent again under its token, a file stands once on Matrix and twice on Telegram, like words."""
    out = stand.out(room, "deux fois ?", files=(stand.spooled(PHOTO),))
    first, second = await stand.port.send(out), await stand.port.send(out)
    assert isinstance(first, Sent) and isinstance(second, Sent)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    assert [one.text for one in await stand.seen(room)] == [*["deux fois ?"] * (1 + stand.repeats_tokens), "fin"]
    assert (first == second) is not stand.repeats_tokens


async def test_files_are_sealed_where_words_are(stand: Stand, room: RoomRef) -> None:
    """A file that must be encrypted is refused in a room that is not, whatever the words."""
    outcome = await stand.send(room, "secret", files=(stand.spooled(PHOTO),), must_encrypt=True)
    if stand.sealed:
        assert isinstance(outcome, Sent)
        assert_is(stand, await stand.see(room, "secret"), PHOTO)
    else:
        assert isinstance(outcome, Refused) and not outcome.gone
        assert await stand.seen(room) == []


async def test_a_file_that_is_not_at_hand(stand: Stand, room: RoomRef, tmp_path: Path) -> None:
    """A file that vanished from this machine is an outcome and not an accident; nothing is seen of it."""
    missing = replace(stand.spooled(PHOTO), path=tmp_path / "gone")
    outcome = await stand.send(room, "rien", files=(missing,))
    assert not isinstance(outcome, Sent)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    assert [one.text for one in await stand.seen(room)] == ["fin"]


async def test_what_is_said_in_a_thread_hangs_there(stand: Stand, room: RoomRef) -> None:
    """On Matrix words and files hang from what began their thread, and an answer in it answers what it answers."""
    if not stand.threads:
        return
    began = await stand.say(room, "digue")
    await stand.hear_text(room, "digue")
    first = await stand.sent(room, "sacs ?", thread=began)
    await stand.sent(room, "200", thread=began, reply_to=first)
    await stand.sent(room, "photo", thread=began, files=(stand.spooled(PHOTO),))
    assert (await stand.see(room, "sacs ?")).thread == began
    assert ((two := await stand.see(room, "200")).thread, two.reply_to) == (began, first)
    assert (await stand.see(room, "photo")).thread == began


async def test_the_bot_reacts_and_takes_it_back(stand: Stand, room: RoomRef) -> None:
    """A reaction stands under anybody's message until it is taken away, once or twice; it is not heard as somebody's."""
    ours = await stand.sent(room, "à nous")
    theirs = await stand.say(room, "à vous")
    await stand.hear_text(room, "à vous")
    for message in (ours, theirs):
        put = await stand.port.send(stand.out(room, "", kind="react", replaces=message, emoji="👍"))
        assert isinstance(put, Sent)
        await stand.see_signs(room, message, ("👍",))
        back = put.message_id if stand.network == "matrix" else message
        for _ in range(2):
            outcome = await stand.port.send(stand.out(room, "", kind="react", replaces=back, emoji=None))
            assert isinstance(outcome, Sent)
            await stand.see_signs(room, message, ())
    await stand.say(room, "fin")
    await stand.hear_text(room, "fin")
    assert [heard.kind for heard in stand.heard(room) if heard.kind in ("reaction", "deleted")] == []


async def test_a_second_reaction(stand: Stand, room: RoomRef) -> None:
    """On Telegram the bot has one reaction to a message, the last; on Matrix one of each emoji. The same twice is once."""
    said = await stand.say(room, "reçu ?")
    await stand.hear_text(room, "reçu ?")
    first = stand.out(room, "", kind="react", replaces=said, emoji="👍")
    assert await stand.port.send(first) == await stand.port.send(first)
    assert isinstance(await stand.port.send(stand.out(room, "", kind="react", replaces=said, emoji="🔥")), Sent)
    await stand.see_signs(room, said, ("🔥",) if stand.one_reaction else ("👍", "🔥"))


async def test_a_reaction_that_a_network_does_not_know(stand: Stand, room: RoomRef) -> None:
    """Of Telegram's few reactions the nearest is given, or none that would say another thing; Matrix knows every emoji."""
    said = await stand.say(room, "reçu ?")
    await stand.hear_text(room, "reçu ?")
    near = await stand.port.send(stand.out(room, "", kind="react", replaces=said, emoji="✅"))
    assert isinstance(near, Sent)
    await stand.see_signs(room, said, ("👍",) if stand.one_reaction else ("✅",))
    far = await stand.port.send(stand.out(room, "", kind="react", replaces=said, emoji="🚰"))
    assert isinstance(far, Refused) is stand.one_reaction
    await stand.see_signs(room, said, ("👍",) if stand.one_reaction else ("✅", "🚰"))


async def test_a_reaction_to_nothing(stand: Stand, room: RoomRef) -> None:
    """Reacting to what is not there is refused where the network looks, and never an accident."""
    missing = "$nothing" if stand.network == "matrix" else "999999"
    outcome = await stand.port.send(stand.out(room, "", kind="react", replaces=missing, emoji="👍"))
    assert isinstance(outcome, Refused) or stand.edit_is_named_anew


async def test_a_place_is_seen_with_who_is_there(stand: Stand, room: RoomRef) -> None:
    """A place stands there to the microdegree, with the words that say whose it is."""
    question = await stand.say(room, "où ?")
    await stand.hear_text(room, "où ?")
    await stand.sent(room, "<b>Ada</b> (Liège)", point=POINT, reply_to=question)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    *seen, _ = await stand.seen(room)
    [place] = [one for one in seen if one.point is not None]
    assert place.point == POINT
    assert "Ada (Liège)" in "\n".join(one.text for one in seen)
    assert question in [one.reply_to for one in seen]


async def test_a_contact_is_a_card_or_words(stand: Stand, room: RoomRef) -> None:
    """With who sends it, in one message that answers what it answers; where there are no cards, name and number are words, and a file that phones open."""
    question = await stand.say(room, "qui ?")
    await stand.hear_text(room, "qui ?")
    said = f"<b>Ada</b> (Liège)\n{card(CARD)}"
    sent = await stand.sent(room, said, contact=CARD, reply_to=question)
    long = Contact("Jean " * 20, "+3242")
    longer = await stand.sent(room, f"<b>Ada</b> (Liège)\n{card(long)}", contact=long)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    one, two, _ = await stand.seen(room)
    assert (one.id, one.reply_to, two.id) == (sent, question, longer)
    assert two.card is None and two.text == marked(f"<b>Ada</b> (Liège)\n{card(long)}")[0]
    if stand.cards:
        assert (one.card, one.choices, one.text) == (CARD, (("Ada (Liège)",),), "")
    else:
        assert (one.card, one.text) == (None, marked(said)[0])
        assert (one.file is not None) is stand.cards_are_files
        if one.file is not None:
            assert (one.file.kind, one.file.digest) == ("file", sha256(vcard(CARD)).hexdigest())
            assert one.file.name.endswith(".vcf") and one.sealed is stand.sealed


@pytest.mark.parametrize("several", [False, True])
async def test_a_poll_is_seen_and_votes_come_back(stand: Stand, room: RoomRef, several: bool) -> None:
    """People see who asks, what, and the options; what they choose is heard: on Matrix by whom, on Telegram in numbers alone."""
    poll = replace(QUESTION, several=several)
    outcome = await stand.send(room, "<b>Bo</b> (Verviers)", poll=poll)
    assert isinstance(outcome, Sent)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    *seen, _ = await stand.seen(room)
    [asked] = [one for one in seen if one.poll is not None]
    assert asked.id == outcome.message_id
    assert asked.poll is not None
    assert (asked.poll.options, asked.poll.several) == (poll.options, poll.several)
    assert asked.poll.question.endswith(poll.question)
    assert "Bo (Verviers)" in "\n".join((asked.poll.question, *(one.text for one in seen)))
    chosen = (0, 2) if several else (1,)
    await stand.vote(room, asked.id, chosen)
    if stand.votes_are == "voted":
        voted = await stand.hear(room, "voted")
        assert (voted.message_id, voted.sender, voted.options) == (asked.id, stand.ada.identity, chosen)
        return
    await stand.inbox.until(lambda: any(heard.handle == outcome.handle for heard in stand.heard(kind="tallied")))
    [tallied] = [heard for heard in stand.heard(kind="tallied") if heard.handle == outcome.handle]
    assert outcome.handle
    assert tallied.tally == tuple(int(number in chosen) for number in range(len(poll.options)))
    assert tallied.sender is None


async def test_a_poll_of_the_bot_is_ended(stand: Stand, room: RoomRef) -> None:
    """People see that it takes no more votes; done twice it is done once, and where there is no poll there is nothing to do or a refusal."""
    asked = await stand.sent(room, "<b>Bo</b> (Verviers)", poll=QUESTION)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    assert stand.takes_votes(room, asked)
    for _ in range(2):
        assert isinstance(await stand.send(room, "", kind="end", replaces=asked), Sent)
    await stand.sent(room, "vraiment")
    await stand.see(room, "vraiment")
    assert not stand.takes_votes(room, asked)
    missing = "$nothing" if stand.network == "matrix" else "999999"
    assert isinstance(await stand.send(room, "", kind="end", replaces=missing), Sent | Refused)


async def test_who_is_called_upon_is_notified(stand: Stand, room: RoomRef) -> None:
    """Accounts that the words call upon are named to the network, which makes their phones ring where it can."""
    account = stand.ada.identity.partition(":")[2]
    await stand.sent(room, "@Ada, viens", mentions=((account, "Ada"),))
    seen = await stand.see(room, "@Ada, viens")
    assert seen.text == "@Ada, viens"
    assert seen.mentions == (stand.ada.identity,)


async def test_as_many_words_as_fit_under_a_file(stand: Stand, room: RoomRef) -> None:
    """The words that a network says can stand under a file do stand there, of any script."""
    words = "é🌊 " * ((stand.port.captions - 5) // 4) + "fin."
    sent = await stand.sent(room, words, files=(stand.spooled(ALBUM[0]),))
    seen = await stand.see(room, "fin.")
    assert (seen.id, seen.text) == (sent, words)
    assert_is(stand, seen, ALBUM[0])


async def test_the_bot_does_not_hear_what_it_carries(stand: Stand, room: RoomRef) -> None:
    """None of its files, places, polls and reactions comes back to it as if somebody had said it."""
    sent = await stand.sent(room, "photo", files=(stand.spooled(ALBUM[0]),), buttons=BUTTONS)
    await stand.sent(room, "lieu", point=POINT)
    await stand.sent(room, "vote", poll=QUESTION)
    await stand.sent(room, "", kind="react", replaces=sent, emoji="👍")
    await stand.say(room, "fin")
    await stand.hear_text(room, "fin")
    heard = [one for one in stand.heard(room) if one.kind in ("message", "edited", "reaction", "voted", "ended")]
    assert [one.text for one in heard] == ["fin"]


async def test_rooms_get_files_side_by_side(stand: Stand) -> None:
    """The same file goes into several rooms at once, and each gets all of it."""
    rooms = await asyncio.gather(*(stand.room() for _ in range(3)))
    files = (stand.spooled(PHOTO),)
    await asyncio.gather(*(stand.sent(room, f"dans {room.id}.", files=files) for room in rooms))
    for room in rooms:
        assert_is(stand, await stand.see(room, f"dans {room.id}."), PHOTO)
