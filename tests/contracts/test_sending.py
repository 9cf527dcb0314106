"""What every network makes of a message: it is seen whole, as it was meant, and the network says what became of it."""

from __future__ import annotations

import asyncio
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.networks.port import Refused, Sent
from playbooks.cleared import checkpoint
from playbooks.rooms import RoomRef
from storage.export.witnessed import checkpoints_in
from storage.notes import Checkpoint, Signer, split_note
from tests.contracts.stand import BUTTONS, LABELS, Stand
from tests.contracts.talk import marked

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMATTED = (
    "Crue <b>forte &amp; <i>rapide</i></b>, niveau &lt;3&gt; &amp;amp; plus\n"
    "<u>souligné</u> <s>barré</s> <code>x &lt; y</code>\n\n"
    '<a href="https://example.org/?a=1&amp;b=%20">la carte</a>\n'
    "<pre>deux\n  lignes</pre>\n"
    "<blockquote>cité\nsur deux lignes</blockquote>\n"
    "שלום <b>مرحبا</b> 🌊👩‍🚒🇫🇷 é fin"
)


async def test_words_are_seen_as_they_were_meant(stand: Stand, room: RoomRef) -> None:
    """Formatting, escaped signs, newlines, emoji and scripts from right to left all reach the eyes of people."""
    text, marks = marked(FORMATTED)
    sent = await stand.sent(room, FORMATTED)
    seen = await stand.see(room, "Crue")
    assert seen.id == sent
    assert seen.text == text
    assert seen.marks == marks
    assert "<3> &amp; plus" in seen.text
    assert seen.choices == ()


async def test_only_an_encrypted_room_seals_words(stand: Stand, room: RoomRef) -> None:
    """What is said in an encrypted room is encrypted; words that must be are refused everywhere else."""
    secret = await stand.send(room, "secret", must_encrypt=True)
    await stand.sent(room, "ouvert")
    assert (await stand.see(room, "ouvert")).sealed is stand.sealed
    if stand.sealed:
        assert isinstance(secret, Sent)
        assert (await stand.see(room, "secret")).sealed
    else:
        assert isinstance(secret, Refused) and not secret.gone
        assert [seen.text for seen in await stand.seen(room)] == ["ouvert"]


async def test_a_checkpoint_is_copied_out_as_it_was_signed(stand: Stand, room: RoomRef) -> None:
    """It rings nobody, has an id, and all of it, copied out with the words above it, is the signed note byte for byte."""
    signer = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = signer.sign(Checkpoint("liege/I-3", 412, bytes(range(32))).text)
    sent = await stand.sent(room, f"Log of I-3: 412 entries.\n{checkpoint(note).html}", notice=True)
    seen = await stand.see(room, "Log of I-3")
    assert (seen.id, seen.loud, seen.choices) == (sent, False, ())
    assert checkpoints_in(seen.text.encode()) == [note]
    text, [signature] = split_note(note)
    assert signer.verifier.verifies(signature, text)


async def test_choices_are_shown_row_by_row(stand: Stand, room: RoomRef) -> None:
    """Under a message stands each choice in its row, as buttons or as reactions to give, and an edit ends them."""
    sent = await stand.sent(room, "<b>A-17</b> Crue", buttons=BUTTONS)
    seen = await stand.see(room, "A-17")
    assert (seen.text, seen.choices) == ("A-17 Crue", LABELS)
    await stand.sent(room, "A-17 finie", kind="edit", replaces=sent)
    assert (await stand.see(room, "A-17 finie")).choices == ()


@pytest.mark.parametrize("loud", [True, False])
async def test_only_the_loud_rings(stand: Stand, room: RoomRef, loud: bool) -> None:
    """An alert rings; what is said quietly does not."""
    await stand.sent(room, "écoutez", loud=loud, notice=not loud)
    assert (await stand.see(room, "écoutez")).loud is loud


async def test_an_answer_lands_under_its_question(stand: Stand, room: RoomRef) -> None:
    """A reply shows what it answers; without one it answers nothing."""
    question = await stand.say(room, "où ?")
    await stand.hear_text(room, "où ?")
    await stand.sent(room, "ici", reply_to=question)
    await stand.sent(room, "ailleurs aussi")
    assert (await stand.see(room, "ici")).reply_to == question
    assert (await stand.see(room, "ailleurs")).reply_to is None


async def test_an_edit_replaces_and_may_be_repeated(stand: Stand, room: RoomRef) -> None:
    """The message stands there once, in its new words; the same edit again, under any token, is taken too."""
    sent = await stand.sent(room, "<b>ouverte</b>", buttons=BUTTONS)
    other = await stand.sent(room, "autre")
    edit = stand.out(room, "<i>close</i> & finie".replace("&", "&amp;"), kind="edit", replaces=sent)
    first = await stand.port.send(edit)
    assert isinstance(first, Sent)
    assert (first.message_id == sent) is not stand.edit_is_named_anew
    assert await stand.port.send(edit) == first
    assert isinstance(await stand.send(room, edit.html, kind="edit", replaces=sent), Sent)
    await stand.see(room, "close & finie")
    assert [(seen.id, seen.text) for seen in await stand.seen(room)] == [(sent, "close & finie"), (other, "autre")]


async def test_an_edit_of_nothing_is_no_accident(stand: Stand, room: RoomRef) -> None:
    """An edit of a message that is not there is refused, where the network looks; it never becomes a new message."""
    missing = "$nothing" if stand.network == "matrix" else "999999"
    outcome = await stand.send(room, "rien", kind="edit", replaces=missing)
    assert isinstance(outcome, Refused) or stand.edit_is_named_anew
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    assert [seen.text for seen in await stand.seen(room)] == ["fin"]


async def test_a_message_of_ours_can_be_removed(stand: Stand, room: RoomRef) -> None:
    """It stands there no more, the others do, and removing it again, by the same request or another, is no accident."""
    kept = await stand.sent(room, "reste")
    wrong = await stand.sent(room, "<b>à tort</b>", buttons=BUTTONS)
    await stand.see(room, "à tort")
    removal = stand.out(room, "", kind="delete", replaces=wrong)
    assert await stand.port.send(removal) == Sent(wrong)
    await stand.gone(room, wrong)
    assert await stand.port.send(removal) == Sent(wrong)
    assert await stand.send(room, "", kind="delete", replaces=wrong) == Sent(wrong)
    assert [(seen.id, seen.text) for seen in await stand.seen(room)] == [(kept, "reste")]


@pytest.mark.parametrize("letter", ["a", "é", "🌊", "&amp;", "م"])
async def test_a_very_long_text_arrives_whole(stand: Stand, room: RoomRef, letter: str) -> None:
    """Each part is taken by the network, the order stays, tags are balanced, and nothing but spaces is lost."""
    paragraph = "<b>" + f"{letter * 7} " * 400 + "</b> <i>" + f"{letter * 3}. " * 300 + "</i>"
    long = "\n\n".join(f"<u>§{number}</u> {paragraph}" for number in range(4)) + "\n\nfin de tout"
    parts = stand.port.split(long)
    assert len(parts) > 1
    for part in parts:
        marked(part)
        await stand.sent(room, part)
    whole = marked(long)[0]
    await stand.see(room, "fin de tout")
    seen = await stand.seen(room)
    assert len(seen) == len(parts)
    assert "".join("".join(one.text.split()) for one in seen) == "".join(whole.split())
    under = {mark: "".join(text for one in seen for tag, text, _ in one.marks if tag == mark) for mark in "biu"}
    assert "".join(under["u"].split()) == "§0§1§2§3"
    assert len("".join((under["b"] + under["i"]).split())) == 4 * (7 * 400 + 4 * 300) * len(marked(letter)[0])
    assert stand.port.split("court") == ["court"]


async def test_much_markup_on_few_words_fits_too(stand: Stand, room: RoomRef) -> None:
    """Links take many times the room of the words that they stand under; none is refused, also not in an edit."""
    links = [(f"{number:04}", f"https://example.org/where/it/is/{number:04}?a&b") for number in range(1500)]
    parts = stand.port.split("\n".join(f'<a href="{link.replace("&", "&amp;")}">{name}</a>' for name, link in links))
    names = [await stand.sent(room, part) for part in parts]
    await stand.see(room, "1499")
    seen = [mark for one in await stand.seen(room) for mark in one.marks]
    assert seen == [("a", name, link) for name, link in links]
    await stand.sent(room, max(parts, key=len), kind="edit", replaces=names[-1], buttons=BUTTONS)


async def test_the_same_token_again(stand: Stand, room: RoomRef) -> None:
    """Matrix takes a message sent twice once, under one name; Telegram has no such thing and shows both."""
    out = stand.out(room, "deux fois ?")
    first, second = await stand.port.send(out), await stand.port.send(out)
    assert isinstance(first, Sent) and isinstance(second, Sent)
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    times = 2 if stand.repeats_tokens else 1
    assert [seen.text for seen in await stand.seen(room)] == [*["deux fois ?"] * times, "fin"]
    assert (first == second) is not stand.repeats_tokens


async def test_twenty_in_a_row_keep_their_order(stand: Stand, room: RoomRef) -> None:
    """Messages sent one after the other stand one after the other."""
    words = [f"n° {number:02}" for number in range(20)]
    names = [await stand.sent(room, word) for word in words]
    await stand.see(room, words[-1])
    assert [(seen.id, seen.text) for seen in await stand.seen(room)] == list(zip(names, words, strict=True))


async def test_ten_rooms_side_by_side(stand: Stand) -> None:
    """Rooms do not wait for each other, and nothing lands in the wrong one."""
    rooms = await asyncio.gather(*(stand.room() for _ in range(10)))
    outs = [[stand.out(room, f"{number} dans {room.id}.") for number in range(3)] for room in rooms]

    async def one_room(number: int) -> None:
        for out in outs[number]:
            assert isinstance(await stand.port.send(out), Sent)

    await asyncio.gather(*(one_room(number) for number in range(10)))
    for room in rooms:
        await stand.see(room, f"2 dans {room.id}.")
        assert [seen.text for seen in await stand.seen(room)] == [f"{number} dans {room.id}." for number in range(3)]


async def test_a_part_is_never_larger_than_an_event(stand: Stand) -> None:
    """What a network takes in one message is cut to for words of any script, and for those that JSON makes long."""
    most = 4096 if stand.network == "telegram" else 16_000
    for letter in ("a", "é", "🌊", "&quot;"):
        text = marked(max(stand.port.split(f"{letter} " * 20_000), key=len))[0]
        units = len(text.encode("utf-16-le")) // 2 if stand.network == "telegram" else len(json.dumps(text))
        assert len(text) <= units
        assert most // 16 < len(text) <= most
