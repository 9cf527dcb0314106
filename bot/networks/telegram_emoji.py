"""The reactions that Telegram knows, and the nearest of them to any other emoji. Pure.

A bot may set one reaction on a message, from a fixed list (core.telegram.org/bots/api#reactiontypeemoji). What people mean by reacting is mostly
one of a few things: yes, no, thanks, seen, sad, well done; for those there is a near one. Anything else is not carried rather than turned into
something that nobody said.
"""

from __future__ import annotations

# Each as Telegram writes it, without the variation selector.
_LIST = """
👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻
👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡
"""
_KNOWN = frozenset(_LIST.split())
_NEAREST = {
    emoji: near
    for near, others in {
        "👍": "✅ ✔ ☑ 🆗 👊 💪 ➕ ⬆ 🟢 🤙 🙋 🙋\u200d♂ 🙋\u200d♀",
        "👎": "❌ ✖ ❎ 🚫 ⛔ ➖ ⬇ 🔴 🛑",
        "❤": "♥ 🧡 💛 💚 💙 💜 🖤 🤍 🤎 🩷 🩵 🩶 💕 💞 💓 💗 💖 💝 🫶",
        "😁": "😀 😃 😄 😊 🙂 ☺ 😉 😺 😸 😆 😅",
        "🤣": "😂 😹",
        "😢": "😞 😔 😟 🙁 ☹ 😥 🥲 🥺 😿 😓",
        "😨": "😧 😦 😰 😮 😯 😲",
        "😱": "🙀",
        "😡": "😠 👿 😤",
        "🎉": "🥳 🎊 🎈",
        "🏆": "🥇 🏅 🎖",
        "🔥": "🚒 🧨 💥",
        "⚡": "🌩 ⛈",
        "🫡": "👮 👮\u200d♂ 👮\u200d♀",
        "👀": "👁 🔍 🔎 👓",
        "🤔": "❓ ❔ 🧐",
        "✍": "📝 🖊 ✏",
        "👏": "🙌",
    }.items()
    for emoji in others.split()
}


def reaction(emoji: str) -> str | None:
    """The reaction of Telegram's that says the same, or nearly; None where there is none."""
    bare = "".join(part for part in emoji if part != "\ufe0f" and not "\U0001f3fb" <= part <= "\U0001f3ff")
    if bare in _KNOWN:
        return bare
    return _NEAREST.get(bare)
