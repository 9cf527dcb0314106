"""Every code that reading and linting a playbook can give, how severe it is, and what it stands for in a line.

Programs, links and people's notes rely on codes: one that has been released keeps its meaning, and is not used again
for another. `CHECKS.md` beside this file explains each of them, with an example that a test runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from playbooks.problems import Severity

__all__ = ["CODES", "LINTS", "READING", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem. `code` is in kebab case; `title` is a line without a full stop."""

    code: str
    severity: Severity
    title: str


def _errors(*entries: tuple[str, str]) -> tuple[Code, ...]:
    return tuple(Code(code, "error", title) for code, title in entries)


def _warnings(*entries: tuple[str, str]) -> tuple[Code, ...]:
    return tuple(Code(code, "warning", title) for code, title in entries)


READING = _errors(
    # the file
    ("unreadable-file", "The file cannot be read"),
    ("not-a-playbook", "The file holds something else than a playbook, or nothing"),
    ("too-large", "There is more in the file than a playbook can need"),
    ("too-deep", "Values are nested deeper than a playbook can need"),
    ("not-utf8", "The file is not text in UTF-8"),
    ("invisible-character", "A character stands in the file that nobody can see"),
    ("not-listed", "There are more problems than are listed"),
    # its YAML
    ("not-yaml", "The file breaks off being YAML here"),
    ("yaml-version", "The file says that it is written in another version of YAML"),
    ("second-document", "A second document begins in the same file"),
    ("tag", "A tag gives a value another type than it shows"),
    ("anchor-or-alias", "A value is borrowed from elsewhere in the file"),
    ("bad-key", "A key is not a plain word"),
    ("duplicate-key", "A key stands twice in one mapping"),
    ("empty-value", "A key or a list item has no value"),
    # its keys
    ("unknown-key", "The language has no such key here"),
    ("missing-key", "A key is missing without which this entry has no meaning"),
    ("conflicting-keys", "Two keys exclude each other"),
    ("misplaced-key", "A key has no meaning beside the others here"),
    # its values
    ("wrong-type", "A value is of another type than is meant here"),
    ("wrong-count", "A list is too short or too long"),
    ("wrong-order", "Values that must ascend do not"),
    ("out-of-range", "A number or a duration is too small or too large"),
    ("unknown-value", "A word is none of those that may stand here"),
    ("listed-twice", "A list says the same thing twice"),
    ("empty-text", "A text says nothing"),
    ("empty-selector", "A selector says nobody"),
    ("bad-placeholder", "A brace in a text is not part of a `{field}`"),
    ("bad-time", "A duration, a date, a moment or a clock time cannot be read as one"),
    ("bad-language", "A language is not written as a tag"),
    ("bad-address", "A room, a topic or a telephone number cannot be one"),
    # its names
    ("undefined-name", "A name is used that the playbook does not declare"),
    ("bad-name", "A name has characters that names do not have, or is too long"),
    ("reserved-name", "A name is taken that has a meaning of its own"),
)
"""What reading can find, in the order of CHECKS.md."""

LINTS: tuple[Code, ...] = (
    *_errors(
        # who leads, who may
        ("phase-without-lead", "Nobody leads the operation in a phase"),
        ("alert-nobody-may-issue", "An alert must say where, and no partner whose it is has ground"),
        # whom
        ("selector-matches-nobody", "A selector matches no partner, whatever happens"),
        ("affected-out-of-place", "The word `affected` stands where nothing is known of any place"),
        # who sees what
        ("rule-never-applies", "A sharing rule can never show anything to anybody"),
        ("personal-without-agreement", "Personal data are permitted under no agreement"),
        ("agreement-never-carries", "A permit names an agreement that carries nothing for it"),
        ("network-not-declared", "Rooms are on a network of which the playbook does not say how far it is trusted"),
        # partners
        ("witness-not-plain", "A partner's key is written so that not every verifier of a log can read it"),
        # what is said
        ("text-without-field", "A text needs a field that its alert does not have"),
    ),
    *_warnings(
        # who leads, who may
        ("lead-without-room", "A lead or deputy has no room for alerts"),
        ("lead-without-phone", "A lead or deputy has no telephone number"),
        ("lead-unlisted", "A lead or deputy is a partner that the others may not know of"),
        ("lead-rule-never-used", "A rule about leads is never the first that matches"),
        ("own-deputy", "A lead is its own deputy"),
        ("nobody-may-issue-there", "There are areas for which nobody may issue an alert"),
        # whom
        ("part-matches-nobody", "One of a selector's alternatives matches no partner"),
        ("unknown-competence", "A selector asks for a competence that no partner has"),
        # who sees what
        ("permit-shadowed", "A forbid takes all that a permit would show"),
        ("forbid-without-effect", "A forbid takes nothing from anybody"),
        ("empty-when", "A condition says nothing"),
        ("field-without-label", "A field, or a form of it, has no label"),
        ("field-never-used", "A field is in no alert"),
        ("agreement-never-named", "An agreement is named by no permit and no channel"),
        # alerts and answers
        ("partner-gets-nothing", "A grave alert selects a partner that may get nothing of it"),
        ("required-never-seen", "An alert selects a partner that can never see what it requires"),
        ("step-reaches-nobody", "A step of an escalation can reach nobody"),
        ("escalation-ends-in-nobody", "An escalation tells nobody in the end who is silent"),
        ("checkin-nobody-sees", "Nobody who leads may read the answers to a check-in"),
        ("channel-nobody-hears", "Nothing said in a channel is ever relayed"),
        ("member-without-room", "A member of a channel has no room for it"),
        ("room-without-membership", "A room is for a channel of which its partner is no member"),
        ("room-of-unequal-channels", "A room is in channels that are held differently"),
        # partners and rooms
        ("partner-without-room", "A partner has no room for alerts"),
        ("chat-of-two-partners", "Two partners have rooms in one chat"),
        ("private-chat-as-room", "A room has the Telegram id of a person"),
        ("same-name", "Two partners have one name"),
        ("same-phone", "Two partners have one telephone number"),
        ("same-area", "Two areas have one name or one ground"),
        # what is said
        ("field-not-in-text", "An alert has a field that none of its texts says"),
        ("text-lacks-field", "A text says less in one language than in another"),
        ("missing-translation", "A text is missing in a language in which people read it"),
        # dates
        ("agreement-ended", "An agreement has ended"),
        ("agreement-ends-soon", "An agreement ends within ninety days"),
        ("agreement-not-begun", "An agreement has yet to begin"),
        ("review-overdue", "A risk or means was to be reviewed by now"),
        # the file
        ("secret", "A token, a password or a private key stands in the file"),
    ),
)
"""What the lints can find in a playbook that can be read, in the order of CHECKS.md."""


def _by_name(codes: Iterable[Code]) -> Mapping[str, Code]:
    return MappingProxyType({code.code: code for code in codes})


CODES: Mapping[str, Code] = _by_name((*READING, *LINTS))
