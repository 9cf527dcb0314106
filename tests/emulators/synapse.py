"""A real homeserver for the tests: Synapse on a free port, its database in a folder of the test.

What Matrix really does cannot be imitated well enough to be trusted, so nothing here imitates it. The server
starts in about two seconds, has no rate limits unless a test asks for some, talks to no other server, and can be
stopped and started again on the same folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE

_SECRET = "registration-of-test-people"
_GENERATE = ("--config-path", "homeserver.yaml", "--generate-config", "--report-stats=no")
_FREELY = {"per_second": 100_000, "burst_count": 100_000}

OVERLAY: dict[str, Any] = {
    "registration_shared_secret": _SECRET,
    "trusted_key_servers": [],
    "presence": {"enabled": False},
    "caches": {"sync_response_cache_duration": "0s"},
    "federation_domain_whitelist": [],
    "url_preview_enabled": False,
    "bcrypt_rounds": 4,  # passwords of people who live for one test
    "rc_message": _FREELY,
    "rc_registration": _FREELY,
    "rc_profile": _FREELY,
    "rc_room_creation": _FREELY,
    "rc_media_create": _FREELY,
    "rc_key_requests": _FREELY,
    "rc_admin_redaction": _FREELY,
    "rc_login": {"address": _FREELY, "account": _FREELY, "failed_attempts": _FREELY},
    "rc_joins": {"local": _FREELY, "remote": _FREELY},
    "rc_joins_per_room": _FREELY,
    "rc_invites": {"per_room": _FREELY, "per_user": _FREELY, "per_issuer": _FREELY},
}


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class SynapseServer:
    """A running homeserver. ``url`` is where clients find it; its people are ``@name:localhost``."""

    folder: Path
    port: int
    overlay: dict[str, Any] = field(default_factory=dict)
    server_name: str = "localhost"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def start(cls, folder: Path, overlay: dict[str, Any] | None = None) -> SynapseServer:
        """Start a server whose state is in ``folder`` (made if missing), on a free port, and wait until it answers.

        ``overlay`` is laid over our settings, key by key. Raises RuntimeError, with the server's own words, when it
        does not come up.
        """
        folder.mkdir(parents=True, exist_ok=True)
        server = cls(folder, free_port(), overlay or {})
        server._configure()
        server.restart()
        return server

    def restart(self) -> None:
        """Stop if running, then start on the same folder and port."""
        self.stop()
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml", "-c", "overlay.yaml"],
                cwd=self.folder, stdout=output, stderr=output, env=_environment(),
            )  # fmt: skip
        self._wait_ready()

    def stop(self) -> None:
        """End the server and wait until it is gone."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
        self._process = None

    def register(self, user: str, password: str) -> str:
        """Make an account, or leave it be when it is there. Returns the full user id."""
        path = "/_synapse/admin/v1/register"
        nonce = self.call("GET", path)["nonce"]
        words = b"\0".join(part.encode() for part in (nonce, user, password, "notadmin"))
        mac = hmac.new(_SECRET.encode(), words, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": user, "password": password, "admin": False, "mac": mac}
        try:
            self.call("POST", path, body)
        except urllib.error.HTTPError as refusal:
            if b"M_USER_IN_USE" not in refusal.read():
                raise
        return f"@{user}:{self.server_name}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
        """One plain request to the server; returns the JSON. Raises urllib.error.HTTPError for what it refuses."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())

    def _configure(self) -> None:
        if not (self.folder / "homeserver.yaml").exists():
            subprocess.run(
                [sys.executable, "-m", "synapse.app.homeserver", *_GENERATE, "--server-name", self.server_name],
                cwd=self.folder, check=True, capture_output=True, env=_environment(),
            )  # fmt: skip
        (self.folder / "log.yaml").write_text(json.dumps(_LOGGING))
        listener = {
            "port": self.port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False, "x_forwarded": False,
            "resources": [{"names": ["client"], "compress": False}],
        }  # fmt: skip
        database = {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}}
        settings = OVERLAY | {
            "listeners": [listener],
            "database": database,
            "log_config": str(self.folder / "log.yaml"),
            "pid_file": str(self.folder / "homeserver.pid"),
            "media_store_path": str(self.folder / "media"),
            "public_baseurl": f"{self.url}/",
        }
        # JSON is YAML, and needs no library.
        (self.folder / "overlay.yaml").write_text(json.dumps(settings | self.overlay, indent=1))

    def _wait_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=2) as reply:
                    if reply.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=0.05)
        said = (self.folder / "output.txt").read_text(errors="replace")[-2000:]
        self.stop()
        raise RuntimeError(f"the homeserver did not start: {said}")


_LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler", "level": "ERROR"}},
    "root": {"level": "ERROR", "handlers": ["console"]},
    "disable_existing_loggers": False,
}


def _environment() -> dict[str, str]:
    # A test's own import path (a checkout with a package called "bot") is no business of the server.
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
