"""The lint of secrets: what looks like one, what only speaks of one, and that none is ever repeated."""

from __future__ import annotations

import pytest

from tests.playbooks.linted import codes, problems

SECRETS = {
    "110201543:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw5": "a Telegram bot's token",
    "syt_" + "Ym90_" + "abcdefghijklmnopqrst_0a1b2C": "a Matrix access token",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----": "a private key",
    "ghp_" + "a1" * 18: "an access token",
    "Authorization: " + "Bearer 0123456789abcdef0123": "a bearer token",
    "https://bot:" + "hunter2@matrix.example.org": "a password in an address",
    "password=" + "hunter2": "a password",
    "Mot de passe : " + "Sésame2026": "a password",
    "token = '" + "abcdef'": "a password",
}


@pytest.mark.parametrize(("words", "kind"), SECRETS.items(), ids=SECRETS.values())
def test_a_secret_is_found_wherever_it_stands_and_not_repeated(words: str, kind: str) -> None:
    """In a comment as in a text; the message says what it looks like, and shows nothing of it."""
    for old, new in (("version: 1\n", f"version: 1 # {words}\n"), ("name: City\n", f"name: 'City' #{words}\n")):
        (problem,) = problems((old, new))
        assert problem.code == "secret"
        assert f"looks like {kind}," in problem.what
        assert words[-7:] not in problem.what + problem.fix


@pytest.mark.parametrize(
    "words",
    [
        "The password is with Ada",
        "password: ask the control room",
        "token: {type: text}",
        "password=$MATRIX_PASSWORD, password={password}, token=<yours>",
        "the bearer of this letter",
        "https://example.org/a:b@c",
        "+3240000001:4",
        "secret: amber+strict",
        "#room:example.org @ada:example.org",
    ],
)
def test_who_only_speaks_of_secrets_has_none(words: str) -> None:
    """A note on where the password is kept, a field called token, a placeholder: none of them opens anything."""
    assert codes(("version: 1\n", f"version: 1 # {words}\n")) == []
