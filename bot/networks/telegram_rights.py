"""What ``doctor`` says of a Telegram group: each right that the bot lacks there, what is lost without it, and what to do. Pure.

Rights are asked for that something needs, and no others: to remove its own messages the bot needs none, and nothing is pinned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SIGNS = ("👌", "🤔", "🙊")
"""How the bot says under somebody's words whether all, some or no rooms have them (``handlers.signs``)."""

_INSIDE = ("member", "administrator", "creator", "restricted")

_CARRIED = (
    ("can_send_photos", "photos"),
    ("can_send_videos", "videos"),
    ("can_send_documents", "files"),
    ("can_send_audios", "music"),
    ("can_send_voice_notes", "voice messages"),
    ("can_send_video_notes", "round videos"),
    ("can_send_polls", "polls"),
    ("can_send_other_messages", "stickers"),
)
"""What members may or may not send: the field of the API, and what it is. In its stead words say that there was one, or what was asked."""


def inside(member: Mapping[str, Any]) -> bool:
    """Whether a ChatMember is in the chat."""
    return member["status"] in _INSIDE and bool(member.get("is_member", True))


def shortcomings(me: Mapping[str, Any], chat: Mapping[str, Any], member: Mapping[str, Any]) -> list[str]:
    """One sentence each, from getMe, getChat and getChatMember of the bot itself."""
    title = str(chat.get("title", chat["id"]))
    if not inside(member):
        return [f"the bot is not in {title}; add it to the group"]
    found = []
    if chat.get("username"):
        found.append(f"{title} is public: anyone on the internet can read it; make the group private")
    if lacking := _reactions_lacking(chat):
        found.append(
            f"{title} does not allow the reactions {' '.join(lacking)}, by which the bot says who got a message; allow them"
        )
    if member["status"] in ("administrator", "creator"):
        found += _of_administrator(title, chat, member)
    else:
        found += _of_member(title, me, chat, member)
    return found


def _reactions_lacking(chat: Mapping[str, Any]) -> list[str]:
    """The signs of ours that the group does not allow, which holds for everybody. Where it names none, all are allowed."""
    allowed = chat.get("available_reactions")
    if allowed is None:
        return []
    known = {str(one.get("emoji")) for one in allowed if isinstance(one, Mapping)}
    return [sign for sign in SIGNS if sign not in known]


def _of_administrator(title: str, chat: Mapping[str, Any], member: Mapping[str, Any]) -> Iterator[str]:
    """Administrators may send everything, at any pace; topics are a right of its own."""
    if chat.get("is_forum") and member["status"] == "administrator" and not member.get("can_manage_topics"):
        yield (
            f"the bot may not manage topics in {title}, so threads that begin elsewhere go on as answers there, "
            "and nothing is carried into closed topics; give it the right to manage topics"
        )


def _of_member(title: str, me: Mapping[str, Any], chat: Mapping[str, Any], member: Mapping[str, Any]) -> Iterator[str]:
    may = member if member["status"] == "restricted" else chat.get("permissions") or {}
    if not may.get("can_send_messages", True):
        yield f"the bot may not write in {title}; let it send messages, or make it an administrator"
    yield (
        f"the bot is no administrator of {title}, so it cannot see reactions; make it one, rights are not needed"
        if not chat.get("is_forum")
        else f"the bot is no administrator of {title}, so it cannot see reactions, and threads that begin elsewhere go on as "
        "answers there; make it one, with the right to manage topics"
    )
    if not me.get("can_read_all_group_messages"):
        yield (
            f"privacy mode is on, so the bot hears only commands in {title}; "
            "tell @BotFather /setprivacy Disable, then add the bot to the group again"
        )
    if kinds := [what for right, what in _CARRIED if not may.get(right, True)]:
        yield f"members of {title} may not send {_listed(kinds)}, so of these only words arrive; make the bot an administrator"
    if seconds := int(chat.get("slow_mode_delay") or 0):
        yield f"slow mode in {title} holds the bot back to one message in {seconds} s; make the bot an administrator"


def _listed(kinds: list[str]) -> str:
    *first, last = kinds
    return f"{', '.join(first)} and {last}" if first else last
