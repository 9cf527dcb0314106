"""A lint of what should stand in no file that partners pass around: tokens, passwords, private keys, comments included.

What was found is never repeated: a report of it goes where the secret should not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playbooks.examined import Examined
from playbooks.load import Mark
from playbooks.problems import Problem

_WORDS = r"(?:pass(?:word|wd|phrase)?|mot de passe|passwor[dt]|kennwort|wachtwoord|secret|token|api[ _-]?key|access[ _-]?key)"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY")),
    ("a Telegram bot's token", re.compile(r"(?<![\w-])[0-9]{8,12}:[A-Za-z0-9_-]{35}(?![\w-])")),
    ("a Matrix access token", re.compile(r"(?<!\w)(?:syt_[A-Za-z0-9+/=]{2,64}_[A-Za-z]{20}_\w{6}|mct_\w{20,64}|MDAx[\w-]{60,512})")),
    ("an access token", re.compile(r"(?<!\w)(?:gh[pousr]_\w{36}|github_pat_\w{40,}|glpat-[\w-]{20}|xox[abprs]-[\w-]{20,128}|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})")),
    ("a bearer token", re.compile(r"(?i)(?<!\w)bearer[ :=]+(?=[^\s\"']*[0-9])[\w.~+/-]{16,}")),
    ("a password in an address", re.compile(r"(?i)(?<!\w)[a-z][a-z0-9+.-]{1,15}://[^\s/@:\"']{1,64}:[^\s/@\"']{3,128}@")),
    ("a password", re.compile(rf"(?i)(?<![\w-]){_WORDS}\s*=\s*[\"']?(?![<{{$\[(*…])[^\s\"',;)}}\]]{{4,}}")),
    ("a password", re.compile(rf"(?i)(?<![\w-]){_WORDS}\s*:\s*[\"']?(?=[^\s\"',;]*[0-9])(?=[^\s\"',;]*[a-z])[^\s\"',;{{}}\[\]]{{8,}}")),
)  # fmt: skip
"""What secrets look like: the forms that issuers document, and what people write before a password."""


def secrets(x: Examined) -> Iterator[Problem]:
    """Whatever looks like a token, a password or a private key, wherever in the file it stands."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", x.book.source.decode("utf-8-sig")), 1):
        found = min(((match.start(), kind) for kind, form in _KINDS if (match := form.search(line))), default=None)
        if found is not None:
            what = f"this looks like {found[1]}, and everybody who is given the playbook can read it"
            fix = "take it out, and have it replaced where it is used: it must be taken as known"
            yield x.problem_at("secret", Mark(number, found[0] + 1), what, fix)
