"""What an operator may set, from the environment and ``.env``: every name, its default and its meaning, in one place.

A wrong or half-given setting is one line that names it and says what would be right. Secrets are never printed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.envfile import unread
from playbooks.rooms import NETWORKS, Network
from storage.notes import proper_name

PREFIX = "TOCSIN_"
TELEGRAM = "https://api.telegram.org"
ENV_FILE = ".env"
REHEARSAL = "-rehearsal"
"""What is added to a deployment's name for the log of its rehearsals."""


class SettingsError(Exception):
    """The settings cannot be used. ``lines`` has one sentence for each, that begins with the setting's name."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


class UnreadSettings(SettingsError):
    """``.env`` itself cannot be read, or a line of it: what was meant is not known, and nothing else is worth trying."""


class Settings(BaseSettings):
    """The settings as given. Build with ``load``; what is derived from them is below."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder for all that is kept: database, keys, log")
    database: str = Field(
        "", description="Database URL, `sqlite:///FILE`; by default `tocsin.sqlite` inside `TOCSIN_DATA`"
    )
    name: str = Field("tocsin", description="This deployment's name, without spaces: the origin of its log")
    playbooks: str = Field("", description="Playbook files or folders, separated by commas; by default those that ship")
    admins: str = Field("", description="Who is a coordinator from the start: `telegram:501,matrix:@ada:example.org`")
    telegram_token: SecretStr | None = Field(None, description="The bot's token from BotFather; turns Telegram on")
    telegram_base_url: str = Field(TELEGRAM, description="Root of the Bot API server, for a self-hosted one")
    telegram_limits: str = Field(
        "30/s 1/s/chat 20/min/group",
        description="How fast Telegram may be written to; `off` where the server sets no limits",
    )
    matrix_homeserver: str = Field(
        "", description="Root URL of the homeserver, `https://matrix.example.org`; turns Matrix on"
    )
    matrix_user: str = Field("", description="The bot's account, `@tocsin:example.org`")
    matrix_password: SecretStr | None = Field(None, description="The account's password; or give `TOCSIN_MATRIX_TOKEN`")
    matrix_token: SecretStr | None = Field(None, description="An access token, instead of the password")
    web: str = Field("127.0.0.1:8080", description="Address, host:port, of `/healthz`, `/readyz` and `/metrics`")
    timestamps: str = Field(
        "",
        description="URL of a time-stamping authority (RFC 3161) for the log's checkpoints, `https://tsa.example.org`",
    )
    timestamps_ca: Path | None = Field(
        None, description="The authority's root certificate (PEM), without which its stamps are kept unchecked"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the program logs to standard error: `text` or `json`"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not proper_name(value) or "/" in value:  # after a slash comes the log's own name
            raise ValueError(
                f"{value!r} cannot sign a log; write a name without spaces, slashes and plus signs, like liege-bot"
            )
        return value

    @field_validator("data")
    @classmethod
    def _data(cls, value: Path) -> Path:
        there = _nearest(value)
        if there.exists() and not there.is_dir():
            raise ValueError(f"{there} is a file; name a folder")
        return value

    @field_validator("database")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not (value.startswith("sqlite:///") and value.removeprefix("sqlite:///")):
            scheme = urlsplit(value).scheme or "it has no scheme"
            raise ValueError(f"only SQLite is there yet ({scheme}); write sqlite:///FILE, or leave it out")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"\d+:[\w-]+", value.get_secret_value()):
            raise ValueError("this is no bot token; paste it whole from BotFather, like 123456:ABC-DEF")
        return value

    @field_validator("telegram_base_url", "matrix_homeserver")
    @classmethod
    def _url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and parts.port != 0
        except ValueError:
            sound = False
        if value and not sound:
            raise ValueError(f"{value!r} is no web address; write https://host, or http://host:port")
        if value and (parts.username or parts.password):
            raise ValueError("an address with a password in it is not used; leave out what stands before the @")
        return value.rstrip("/")

    @field_validator("matrix_user")
    @classmethod
    def _user(cls, value: str) -> str:
        if value and not re.fullmatch(r"@[^\s:]+:\S+", value):
            raise ValueError(f"{value!r} is no Matrix account; write @name:server")
        return value

    @field_validator("admins")
    @classmethod
    def _admins(cls, value: str) -> str:
        for word in _listed(value):
            if not re.fullmatch(r"telegram:[1-9]\d*|matrix:@[^\s:]+:\S+", word):
                raise ValueError(
                    f"{word!r} is nobody; write telegram:501 or matrix:@ada:example.org, separated by commas"
                )
        return value

    @field_validator("playbooks")
    @classmethod
    def _playbooks(cls, value: str) -> str:
        for word in _listed(value):
            if not Path(word).exists():
                raise ValueError(f"there is no {word}; name playbook files or folders, separated by commas")
        return value

    @field_validator("web")
    @classmethod
    def _web(cls, value: str) -> str:
        _address(value)
        return value

    @field_validator("timestamps")
    @classmethod
    def _timestamps(cls, value: str) -> str:
        parts = urlsplit(value)  # raises ValueError for brackets that are not closed
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value)):
            raise ValueError(f"{value!r} is no address; write the authority's URL, like https://tsa.example.org/tsr")
        return value

    @field_validator("timestamps_ca")
    @classmethod
    def _timestamps_ca(cls, value: Path | None) -> Path | None:
        if value is not None:
            from storage.stamping import roots_in

            try:
                roots_in(value.read_bytes())
            except OSError as error:
                raise ValueError(
                    f"{value} cannot be read: {error.strerror}; name the root certificate's file"
                ) from None
            except ValueError as error:
                raise ValueError(f"{value}: {error}") from None
        return value

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that are configured."""
        given = {"telegram": self.telegram_token is not None, "matrix": bool(self.matrix_homeserver)}
        return tuple(name for name in NETWORKS if given[name])

    @property
    def identities(self) -> frozenset[str]:
        """The administrators' identities."""
        return frozenset(_listed(self.admins))

    @property
    def playbook_files(self) -> tuple[Path, ...]:
        """The playbooks' files, folders opened, exercise scripts left out."""
        named = [Path(word) for word in _listed(self.playbooks)] or [library()]
        found: list[Path] = []
        for path in named:
            found += _playbooks_in(path) if path.is_dir() else [path]
        return tuple(dict.fromkeys(found))

    @property
    def database_file(self) -> str:
        """The database's file, as ``open_store`` takes it: in the data folder unless it is absolute."""
        named = self.database.removeprefix("sqlite:///")
        return str(Path(named).absolute()) if named else "tocsin.sqlite"

    @property
    def rehearsal_folder(self) -> Path:
        """Where rehearsals are kept, with a database, a key and a log of their own: they never mix with the real."""
        return self.data / "rehearsal"

    @property
    def rehearsal_name(self) -> str:
        """The origin of the rehearsals' log."""
        return self.name + REHEARSAL

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the web pages."""
        return _address(self.web)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed or logged."""
        given = (self.telegram_token, self.matrix_password, self.matrix_token)
        return tuple(secret.get_secret_value() for secret in given if secret is not None)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings."""

    name: str
    default: str
    meaning: str


def _rows() -> Iterator[Setting]:
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        yield Setting(PREFIX + name.upper(), default, field.description or "")


SETTINGS: tuple[Setting, ...] = tuple(_rows())
"""Every setting, its default (empty: none) and its meaning."""


def load(folder: Path | None = None) -> Settings:
    """Read the environment and the ``.env`` of this folder (by default the current one). Raises SettingsError."""
    settings, wrong = load_sound(folder)
    if not any(line.startswith(f"{PREFIX}DATA:") for line in wrong):
        wrong += _closed(settings.data)
    if wrong:
        raise SettingsError(*wrong)
    return settings


def load_sound(folder: Path | None = None) -> tuple[Settings, list[str]]:
    """The settings that can be used, the others as if not given, and a line for each of those. Raises UnreadSettings."""
    env_file = (folder or Path()) / ENV_FILE
    given = _given(env_file)
    wrong: list[str] = []
    instead: dict[str, Any] = {}
    try:
        settings = Settings(_env_file=env_file, _env_file_encoding="utf-8")
    except ValidationError as error:
        wrong += _lines(error)
        bad = {str(detail["loc"][0]) for detail in error.errors(include_url=False, include_input=False)}
        instead = {name: Settings.model_fields[name].default for name in bad}
        settings = Settings(_env_file=env_file, _env_file_encoding="utf-8", **instead)
    wrong += _misspelt(given)
    half = [line for line in _half_given(settings) if not any(_alike(line, name) for name in instead)]
    if half or instead:
        unsure = {name for name in Settings.model_fields for line in (*half, *wrong) if _alike(line, name)}
        instead |= {name: Settings.model_fields[name].default for name in unsure}
        settings = Settings(_env_file=env_file, _env_file_encoding="utf-8", **instead)
    return settings, [*wrong, *half]


def _given(env_file: Path) -> Mapping[str, Any]:
    """What is set, by whatever name. Raises UnreadSettings."""
    try:
        if not env_file.is_file():
            return dict(os.environ)
        if lines := list(unread(env_file, PREFIX)):
            raise UnreadSettings(*lines)
        return {**dotenv_values(env_file), **os.environ}
    except UnicodeDecodeError:
        raise UnreadSettings(f"{env_file} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        words = f"{env_file} cannot be read: {error.strerror}; make it readable, or move it away"
        raise UnreadSettings(words) from None


def _alike(line: str, name: str) -> bool:
    """Whether a line is about a setting of the network, or of the authority, that this setting belongs to."""
    first = name.partition("_")[0]
    if first == "timestamps":
        return line.startswith(f"{PREFIX}TIMESTAMPS")
    return first in NETWORKS and line.startswith(f"{PREFIX}{first.upper()}_")


def library() -> Path:
    """The folder of the playbooks that ship."""
    return Path(str(files("playbooks") / "library"))


def _lines(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=False):
        name = PREFIX + str(detail["loc"][0]).upper()
        if detail["type"] == "literal_error":
            yield f"{name}: there is no such format; write text or json"
        else:
            yield f"{name}: {str(detail['msg']).removeprefix('Value error, ')}"


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _closed(folder: Path) -> Iterator[str]:
    """That the data folder cannot be made or written to, as far as that can be told without trying."""
    there = _nearest(folder)
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        yield f"{PREFIX}DATA: this user may not write to {there}; give it that folder, or name one that it may write to"


def _misspelt(given: Mapping[str, Any]) -> Iterator[str]:
    known = [setting.name for setting in SETTINGS]
    for name in given:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
            if near:
                yield f"{name}: there is no such setting; did you mean {near[0]}?"


def _half_given(settings: Settings) -> Iterator[str]:
    if settings.telegram_token is None:
        for name in ("telegram_base_url", "telegram_limits"):
            if getattr(settings, name) != Settings.model_fields[name].default:
                yield f"{PREFIX}TELEGRAM_TOKEN: missing, though {PREFIX}{name.upper()} is set; add the bot's token"
                break
    if settings.timestamps_ca is not None and not settings.timestamps:
        yield f"{PREFIX}TIMESTAMPS: missing, though {PREFIX}TIMESTAMPS_CA is set; add the authority's URL"
    given = [name for name in ("homeserver", "user", "password", "token") if getattr(settings, f"matrix_{name}")]
    if not given:
        return
    because = f"though {PREFIX}MATRIX_{given[0].upper()} is set"
    if "homeserver" not in given:
        yield f"{PREFIX}MATRIX_HOMESERVER: missing, {because}; add the server's address, like https://matrix.example.org"
    if "user" not in given:
        yield f"{PREFIX}MATRIX_USER: missing, {because}; add the bot's account, like @tocsin:example.org"
    if "password" not in given and "token" not in given:
        yield f"{PREFIX}MATRIX_PASSWORD: missing, {because}; add the account's password, or {PREFIX}MATRIX_TOKEN"
    if "password" in given and "token" in given:
        yield f"{PREFIX}MATRIX_TOKEN: given beside {PREFIX}MATRIX_PASSWORD; keep one of them"


def _listed(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]


def _playbooks_in(folder: Path) -> list[Path]:
    found = [path for end in ("*.yaml", "*.yml") for path in folder.glob(end)]
    return sorted(path for path in found if not path.stem.endswith(".script"))


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"{text!r} is no address; write host:port, like 127.0.0.1:8080")
    return host, int(port)
