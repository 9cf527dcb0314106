"""Settings: what is given is read, and what is wrong or half given is one line that names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.settings import SETTINGS, Settings, SettingsError, UnreadSettings, load, load_sound

SECRET = "123456:AAAA-secret_secret_secret_secret_se"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any setting, in an empty folder."""
    for name in list(os.environ):
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_nothing_is_needed(given: pytest.MonkeyPatch) -> None:
    """Without any setting there is no network, the data lies in ``data``, and the shipped playbooks are used."""
    settings = load()
    assert settings.networks == ()
    assert settings.data == Path("data")
    names = [path.name for path in settings.playbook_files]
    assert "meuse-flood.yaml" in names
    assert not any(name.endswith(".script.yaml") for name in names)
    assert settings.address == ("127.0.0.1", 8080)


def test_everything_is_read(given: pytest.MonkeyPatch) -> None:
    """Each setting is taken from the environment, and a file .env stands behind it."""
    given.setenv("TOCSIN_TELEGRAM_TOKEN", SECRET)
    given.setenv("TOCSIN_ADMINS", "telegram:501, matrix:@ada:example.org")
    given.setenv("TOCSIN_WEB", "[::1]:0")
    Path(".env").write_text(
        "TOCSIN_NAME=liege\nTOCSIN_MATRIX_HOMESERVER=https://m.example.org/\n"
        "TOCSIN_MATRIX_USER=@tocsin:example.org\nTOCSIN_MATRIX_PASSWORD=hush\nTOCSIN_ADMINS=telegram:1\n"
    )
    settings = load()
    assert settings.networks == ("telegram", "matrix")
    assert settings.identities == {"telegram:501", "matrix:@ada:example.org"}
    assert settings.address == ("::1", 0)
    assert (settings.name, settings.matrix_homeserver) == ("liege", "https://m.example.org")
    assert set(settings.secrets) == {SECRET, "hush"}


WRONG = [
    ({"WEB": "8080"}, "TOCSIN_WEB"),
    ({"WEB": "host:99999"}, "TOCSIN_WEB"),
    ({"NAME": "two words"}, "TOCSIN_NAME"),
    ({"NAME": "liege/bot"}, "TOCSIN_NAME"),
    ({"ADMINS": "501"}, "TOCSIN_ADMINS"),
    ({"LOG_FORMAT": "xml"}, "TOCSIN_LOG_FORMAT"),
    ({"DATABASE": "postgresql://h/db"}, "TOCSIN_DATABASE"),
    ({"PLAYBOOKS": "nowhere.yaml"}, "TOCSIN_PLAYBOOKS"),
    ({"TELEGRAM_TOKEN": "hello"}, "TOCSIN_TELEGRAM_TOKEN"),
    ({"TELEGRAM_BASE_URL": "http://127.0.0.1:8081"}, "TOCSIN_TELEGRAM_TOKEN"),
    ({"TELEGRAM_TOKEN": SECRET, "TELEGRAM_BASE_URL": "localhost"}, "TOCSIN_TELEGRAM_BASE_URL"),
    ({"MATRIX_HOMESERVER": "https://m.org", "MATRIX_PASSWORD": "x"}, "TOCSIN_MATRIX_USER"),
    ({"MATRIX_HOMESERVER": "https://m.org", "MATRIX_USER": "@a:b"}, "TOCSIN_MATRIX_PASSWORD"),
    ({"MATRIX_USER": "@a:b", "MATRIX_PASSWORD": "x"}, "TOCSIN_MATRIX_HOMESERVER"),
    ({"MATRIX_HOMESERVER": "https://m.org", "MATRIX_USER": "ada", "MATRIX_PASSWORD": "x"}, "TOCSIN_MATRIX_USER"),
    ({"TELEGRAM_TOKN": SECRET}, "TOCSIN_TELEGRAM_TOKN"),
]


@pytest.mark.parametrize(("values", "named"), WRONG)
def test_what_is_wrong_is_one_line_that_names_it(given: pytest.MonkeyPatch, values: dict[str, str], named: str) -> None:
    """A wrong or half-given setting is told in one line, with its name and what would be right, and no secret."""
    for name, value in values.items():
        given.setenv(f"TOCSIN_{name}", value)
    with pytest.raises(SettingsError) as wrong:
        load()
    [line] = wrong.value.lines
    assert line.startswith(f"{named}: ")
    assert ";" in line or "write" in line
    assert SECRET not in line


def test_secrets_do_not_show(given: pytest.MonkeyPatch) -> None:
    """Printing the settings shows no secret."""
    given.setenv("TOCSIN_TELEGRAM_TOKEN", SECRET)
    assert SECRET not in repr(load())
    assert SECRET not in str(load().model_dump())


def test_the_table_has_every_setting() -> None:
    """Each setting has a row with a meaning."""
    assert [row.name for row in SETTINGS] == [f"TOCSIN_{name.upper()}" for name in Settings.model_fields]
    assert all(row.meaning for row in SETTINGS)


def test_scripts_are_no_playbooks(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of playbooks the exercises beside them are left out."""
    for name in ("b.yaml", "a.yml", "a.script.yaml"):
        (tmp_path / name).touch()
    given.setenv("TOCSIN_PLAYBOOKS", str(tmp_path))
    assert [path.name for path in load().playbook_files] == ["a.yml", "b.yaml"]


UNREAD = [
    (f'TOCSIN_TELEGRAM_TOKEN="{SECRET}\n', 1, "TOCSIN_TELEGRAM_TOKEN"),
    (f'# hello\n\nTOCSIN_NAME="liege\nTOCSIN_TELEGRAM_TOKEN="{SECRET}"\n', 3, "TOCSIN_NAME"),
    (f'OTHER="x\nTOCSIN_TELEGRAM_TOKEN="{SECRET}"\n', 2, "TOCSIN_TELEGRAM_TOKEN"),
    ('TOCSIN_NAME="liege\nOTHER="\n', 1, "TOCSIN_NAME"),
    ("OTHER=1\n\nTOCSIN_TELEGRAM_TOKEN\n", 3, "TOCSIN_TELEGRAM_TOKEN"),
    ("TOCSIN_TELEGRAM_TOKEN=\n", 1, "TOCSIN_TELEGRAM_TOKEN"),
    (f"export TOCSIN_TELEGRAM_TOKEN: {SECRET}\n", 1, "TOCSIN_TELEGRAM_TOKEN"),
]


@pytest.mark.parametrize(("text", "line", "name"), UNREAD)
def test_a_line_that_cannot_be_read_is_no_rehearsal(given: pytest.MonkeyPatch, text: str, line: int, name: str) -> None:
    """A line of .env that names a setting and gives it no value is told with its place, and never passed over."""
    Path(".env").write_text(text)
    with pytest.raises(UnreadSettings) as wrong:
        load()
    [said] = wrong.value.lines
    assert said.startswith(f".env:{line}: {name}: ")
    assert SECRET not in said


def test_lines_of_others_are_theirs(given: pytest.MonkeyPatch) -> None:
    """What is not ours in .env, comments, and quotes that are closed are no trouble."""
    Path(".env").write_text("# TOCSIN_NAME\nOTHER\nX='a\nb'\nexport TOCSIN_NAME='liege' # TOCSIN_WEB\nODD=\"x\n")
    assert load().name == "liege"


def test_one_wrong_setting_leaves_the_others(given: pytest.MonkeyPatch) -> None:
    """The sound settings can be had, each wrong one as if not given, with the network it belongs to, and a line for it."""
    given.setenv("TOCSIN_NAME", "two words")
    given.setenv("TOCSIN_WEB", "127.0.0.1:81")
    given.setenv("TOCSIN_TELEGRAM_TOKEN", SECRET)
    given.setenv("TOCSIN_MATRIX_HOMESERVER", "https://m.example.org")
    settings, wrong = load_sound()
    assert [line.partition(":")[0] for line in wrong] == ["TOCSIN_NAME", "TOCSIN_MATRIX_USER", "TOCSIN_MATRIX_PASSWORD"]
    assert (settings.name, settings.networks, settings.address) == ("tocsin", ("telegram",), ("127.0.0.1", 81))
