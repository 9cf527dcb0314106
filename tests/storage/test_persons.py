"""Keys of persons: sealed under them, and forgotten with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.facts import FACTS, Said
from storage.facts.personal import KEYED, THEIRS, is_account
from storage.persons import FILE, Keyring
from storage.store import StorageError


def test_what_is_sealed_is_read_only_with_its_key_and_in_its_place(tmp_path: Path) -> None:
    """Another place, another key, a flipped bit: none of them opens."""
    ring = Keyring(tmp_path)
    name, sealed = ring.seal("P-1", "I-1/4", b"words")
    assert ring.open(name, "I-1/4", sealed) == b"words"
    assert b"words" not in sealed
    other, _ = ring.seal("P-2", "I-1/4", b"words")
    for wrong in (
        (name, "I-1/5", sealed),
        (other, "I-1/4", sealed),
        (name, "I-1/4", sealed[:-1] + b"\0"),
        (name, "I-1/4", b""),
    ):
        with pytest.raises(StorageError, match="damaged"):
            ring.open(*wrong)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_what_is_of_several_is_forgotten_with_any_of_them(tmp_path: Path) -> None:
    """Sealed under each key, it needs all of them; a lost one is counted once."""
    ring = Keyring(tmp_path)
    names, sealed = ring.seal("P-1 P-2 telegram:7", "I-1/4", b"list")
    first, second, third = names.split(" ")
    assert ring.open(names, "I-1/4", sealed) == ring.open(names, "I-1/4", ring.seal_again(names, "I-1/4", b"list"))
    assert ring.known(["P-2"]) == {second}
    with pytest.raises(StorageError, match="damaged"):
        ring.open(names, "I-1/5", sealed)
    ring.forget({second})
    assert ring.open(names, "I-1/4", sealed) is None
    assert ring.missing([names, second, f"{first} {third}"]) == 1


def test_whoever_is_forgotten_is_forgotten_by_every_process(tmp_path: Path) -> None:
    """A process that knows the key loses it too; who comes back has a new one."""
    one, two = Keyring(tmp_path), Keyring(tmp_path)
    name, sealed = one.seal("P-1", "I-1/4", b"words")
    kept, other = one.seal("P-2", "I-1/5", b"others")
    two.refresh()
    assert two.open(name, "I-1/4", sealed) == b"words"
    one.forget({name})
    two.refresh()
    assert one.open(name, "I-1/4", sealed) is two.open(name, "I-1/4", sealed) is None
    assert two.open(kept, "I-1/5", other) == b"others"
    again, _ = two.seal("P-1", "I-1/6", b"anew")
    assert again != name
    one.refresh()
    assert one.known(["P-1", "P-9"]) == {again}


def test_a_torn_line_hides_no_key(tmp_path: Path) -> None:
    """A crash while a key was written leaves a line that counts for nothing, and the next key stands on its own."""
    ring = Keyring(tmp_path)
    name, sealed = ring.seal("P-1", "a/1", b"one")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"id": "torn')
    os.utime(tmp_path / FILE, ns=(1, 1))
    other, more = ring.seal("P-2", "a/2", b"two")
    anew = Keyring(tmp_path)
    anew.refresh()
    assert (anew.open(name, "a/1", sealed), anew.open(other, "a/2", more)) == (b"one", b"two")


def test_keys_are_forgotten_beside_a_torn_line(tmp_path: Path) -> None:
    """What a crash left is no reason to keep a key."""
    ring = Keyring(tmp_path)
    name, sealed = ring.seal("P-1", "a/1", b"one")
    kept, other = ring.seal("P-2", "a/2", b"two")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"id": "torn')
    ring.forget({name})
    assert (ring.open(name, "a/1", sealed), ring.open(kept, "a/2", other)) == (None, b"two")
    assert (ring.missing([name, kept])) == 1


def test_whatever_ends_the_forgetting_no_other_key_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file is whole until the new one stands in its place."""
    ring = Keyring(tmp_path)
    name, _ = ring.seal("P-1", "a/1", b"one")
    kept, other = ring.seal("P-2", "a/2", b"two")

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    for target in ("pathlib.Path.replace", "os.fsync", "storage.persons.sync_folder"):
        with monkeypatch.context() as patched:
            patched.setattr(target, end)
            with pytest.raises(KeyboardInterrupt):
                ring.forget({name})
        anew = Keyring(tmp_path)
        anew.refresh()
        assert anew.open(kept, "a/2", other) == b"two", target
    ring.forget({name})
    ring.seal("P-3", "a/3", b"three")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_what_is_somebodys_own_is_named_as_it_is_called() -> None:
    """Every attribute in the table is there, and accounts are told from rooms and ids."""
    for kind, (owner, theirs) in THEIRS.items():
        assert FACTS[kind.__name__] is kind
        assert {owner, *theirs} <= {*kind.__dataclass_fields__, "values"}
    for kind, name in KEYED.items():
        assert name in kind.__dataclass_fields__
    assert THEIRS[Said] == ("person", ("content",))
    assert [is_account(one) for one in ("telegram:501", "matrix:@ada:example.org", "telegram:-100/7", "matrix:!r:x", "P-3")] == [
        True, True, False, False, False,
    ]  # fmt: skip
