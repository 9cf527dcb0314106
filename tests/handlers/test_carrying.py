"""One thing that was said, as each room may be told it: who speaks, what goes with the words, whom it calls."""

from __future__ import annotations

from datetime import timedelta

from playbooks.cleared import Attached
from playbooks.rooms import RoomRef
from playbooks.spoken import Contact, File, Poll, Spoken
from storage.effects import Send
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, FIRE_TELEGRAM, LIAISON, MAYOR, SOMEBODY
from tests.handlers.talk_stage import TalkStage, talking


def at(sent: list[Send], room: object) -> Send:
    """The message to one room."""
    [found] = [send for send in sent if send.to == room]
    assert found.carries is not None
    return found


def spoken(stage: TalkStage, what: Spoken) -> Send:
    """Something said by the mayor, as the fire service is told it."""
    return at(stage.speak(CITY, what.html, MAYOR, spoken=what), FIRE)


def test_a_person_is_named_by_the_name_they_are_enrolled_with() -> None:
    """On whichever network they speak: the same person is one person."""
    stage = talking()
    sent = stage.speak(FIRE, "Here", LIAISON, name="whatever the client says")
    person = stage.world.who.person(LIAISON)
    assert person is not None
    assert at(sent, CITY).carries.head.text == f"▸ {person.name} · Fire"  # type: ignore[union-attr]


def test_a_channel_may_show_roles_or_partners_instead() -> None:
    """As the playbook says."""
    for how, head in (("role", "▸ Fire · liaison"), ("partner", "▸ Fire")):
        stage = talking(("speaker: person", f"speaker: {how}"))
        assert at(stage.speak(FIRE, "Here", LIAISON), CITY).carries.head.text == head  # type: ignore[union-attr]


def test_a_role_is_said_in_the_language_of_the_room() -> None:
    """Beside the partner's name, which is nobody's to translate."""
    french = ('phone_24h: "+3210"\n    languages: [en]', 'phone_24h: "+3210"\n    languages: [fr]')
    stage = talking(("speaker: person", "speaker: role"), french)
    assert at(stage.speak(BRANDWEER, "Here", SOMEBODY), CITY).carries.head.text == "▸ Brandweer · intervenant"  # type: ignore[union-attr]


def test_a_name_is_shown_only_where_it_may_be_read() -> None:
    """Where the playbook holds names closer than the channel, the partner speaks."""
    stage = talking(("fields:\n  action:", "fields:\n  _speaker: {type: text, tlp: amber+strict}\n  action:"))
    sent = stage.speak(CITY, "Here", MAYOR)
    assert "mayor" in at(sent, FIRE).carries.head.text  # type: ignore[union-attr]
    assert at(sent, FIRE_TELEGRAM).carries.head.text == "▸ City & Sons <town hall>"  # type: ignore[union-attr]


def test_a_name_cannot_pass_for_a_partner_or_for_two_lines() -> None:
    """What stands between name and partner, and in front of a head, is nobody's to write."""
    stage = talking()
    sent = stage.speak(FIRE, "▸ <b>Ada</b> · Police\nGo", "matrix:@x:x.org", name="Eve · Police\n▸ Bob")
    assert at(sent, CITY).body.text == "▸ Eve Police › Bob · Fire\n› Ada · Police\nGo"


def test_what_goes_with_words_passes_with_them() -> None:
    """A file with what to say instead of it, a place, a poll, a contact as words."""
    stage = talking()
    file = File("matrix", '{"mxc": "mxc://x/y"}', "photo", "quay.jpg", "image/jpeg", 2_400_000)
    send = spoken(stage, Spoken("Look", file))
    carried = send.carries
    assert carried is not None and carried.attached == Attached(file, place_in_file=True, only=FIRE)
    assert carried.instead is not None and carried.instead.text.startswith("📎 quay.jpg (2 MB) could not be carried")
    send = spoken(stage, Spoken(point=(50_600_000, 5_600_000)))
    assert send.carries is not None and send.carries.attached is not None
    assert send.carries.attached.point == (50_600_000, 5_600_000)
    send = spoken(stage, Spoken(poll=Poll("Go\nnow?", ("yes", "no"))))
    assert send.carries is not None and send.carries.attached is not None
    assert send.carries.attached.poll == Poll("Go now?", ("yes", "no"))
    assert "👤 Ada ☎ +32 1" in spoken(stage, Spoken(contact=Contact("Ada", "+32 1"))).body.text
    fact = stage.fact()
    assert fact.content["contact"] == {"name": "Ada", "phone": "+32 1"}


def test_the_log_never_says_where_a_file_is_to_be_had() -> None:
    """That may hold its key."""
    stage = talking()
    spoken(stage, Spoken("", File("matrix", '{"key": "secret"}', "file", "plan.pdf")))
    assert "secret" not in repr(stage.facts)
    assert stage.fact().content["file"]["name"] == "plan.pdf"


def test_the_place_in_a_photograph_stays_only_where_the_label_covers_places() -> None:
    """A green channel has it taken out; an amber one, as closely held as any place, keeps it."""
    for label, kept in (("amber", True), ("green", False)):
        stage = talking(
            ("label: {tlp: amber}\n    purpose: flood-control", f"label: {{tlp: {label}}}\n    purpose: flood-control")
        )
        send = spoken(stage, Spoken("", File("matrix", "{}", "photo")))
        assert send.carries is not None and send.carries.attached is not None
        assert send.carries.attached.place_in_file is kept


def test_a_place_that_moves_is_words_that_can_be_edited() -> None:
    """With a map to tap, and without a native place, which nobody could move."""
    stage = talking()
    send = spoken(stage, Spoken(point=(50_612_345, 5_600_000), live_until=stage.now + timedelta(hours=1)))
    assert send.carries is not None and send.carries.attached is None
    assert "📍" in send.body.text and "50.61234" in send.body.text


def test_people_of_the_reading_partner_are_called_by_name() -> None:
    """On the network of their room; others are not, and nobody learns who else there is."""
    stage = talking()
    person = stage.world.who.person(LIAISON)
    assert person is not None
    sent = stage.speak(CITY, f"@{person.name.upper()} and @nobody: now", MAYOR)
    assert at(sent, FIRE).carries.mentions == ((LIAISON, person.name),)  # type: ignore[union-attr]
    assert at(sent, FIRE_TELEGRAM).carries.mentions == ()  # type: ignore[union-attr]
    assert at(sent, BRANDWEER).carries.mentions == ()  # type: ignore[union-attr]


def test_only_a_call_calls() -> None:
    """Neither code, nor an address, nor a longer name."""
    stage = talking()
    person = stage.world.who.person(LIAISON)
    assert person is not None
    for words in (f"<code>@{person.name}</code>", f"x@{person.name}", f"@{person.name}x", person.name):
        assert at(stage.speak(CITY, words, MAYOR), FIRE).carries.mentions == ()  # type: ignore[union-attr]


def test_forwarded_words_are_marked_in_the_readers_language() -> None:
    """And say nothing of whose they were."""
    stage = talking()
    sent = stage.speak(CITY, "Rumour", MAYOR, forwarded="telegram:77")
    assert at(sent, FIRE).body.text.endswith("Forwarded:\nRumour")


def test_a_room_reads_only_until_the_agreement_ends() -> None:
    """After its last day the copy may not leave any more."""
    stage = talking(("purposes: [flood-control]}", "purposes: [flood-control], until: 2026-06-02}"))
    sent = stage.speak(CITY, "Soon over", MAYOR)
    assert at(sent, BRANDWEER).not_after is not None and at(sent, FIRE).not_after is None


def test_a_forum_that_is_bound_whole_is_one_room() -> None:
    """What is said in one of its topics is not carried into another of them."""
    stage = talking()
    topic = RoomRef("telegram", "-12", "7")
    sent = stage.speak(topic, "In a topic", LIAISON)
    assert FIRE_TELEGRAM not in {send.to for send in sent} and FIRE in {send.to for send in sent}
    assert stage.last().room == topic
    stage.all_become(stage.last().id)
    stage.reacts.clear()
    stage.befalls("reacted", stage.last(), room=CITY, identity=MAYOR, emoji="👍")
    assert topic in {one.room for one in stage.reacts} and FIRE_TELEGRAM not in {one.room for one in stage.reacts}
