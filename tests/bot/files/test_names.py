"""Names that are safe in anybody's folder, and say what the file is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.kinds import EXECUTABLE, UNKNOWN
from bot.files.names import EXTENSIONS, LONGEST, clean_name

JPEG = "image/jpeg"


@pytest.mark.parametrize(
    ("name", "kind", "clean"),
    [
        ("photo.jpg", JPEG, "photo.jpg"),
        ("Photo.JPEG", JPEG, "Photo.JPEG"),
        ("photo.png", JPEG, "photo.jpg"),
        ("photo", JPEG, "photo.jpg"),
        ("no. 7", JPEG, "no. 7.jpg"),
        ("photo.jpg", EXECUTABLE, "photo.jpg.exe"),
        ("photo.jpg.exe", EXECUTABLE, "photo.jpg.exe"),
        ("photo.jpg", "text/html", "photo.jpg.html"),
        ("photo\u202egpj.exe", EXECUTABLE, "photogpj.exe"),
        ("photo\u202egpj.exe", JPEG, "photogpj.jpg"),
        ("photo.jpg", "text/plain", "photo.txt"),
        ("photo.jpg", UNKNOWN, "photo.jpg.bin"),
        ("plan.dwg", UNKNOWN, "plan.dwg"),
        ("plan", UNKNOWN, "plan.bin"),
        ("notes.md", "text/plain", "notes.md"),
        ("notes.todo", "text/plain", "notes.todo"),
        ("map.3mf", "application/zip", "map.3mf"),
        ("letter.docx", "application/zip", "letter.zip"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Windows\\a.jpg", JPEG, "a.jpg"),
        ("a:b*c?.jpg", JPEG, "a_b_c_.jpg"),
        ("...hidden.jpg", JPEG, "hidden.jpg"),
        (".jpg", JPEG, "jpg.jpg"),
        ("con.jpg", JPEG, "_con.jpg"),
        ("LPT1.tar.jpg", JPEG, "_LPT1.tar.jpg"),
        ("console.jpg", JPEG, "console.jpg"),
        ("a\0b\r\nc\u200b\u2066\ufeff.jpg", JPEG, "abc.jpg"),
        ("  a \u00a0 b . .jpg", JPEG, "a b.jpg"),
        ("Überflutung größe 2.jpg", JPEG, "Überflutung größe 2.jpg"),
        ("", JPEG, "photo.jpg"),
        ("/", JPEG, "photo.jpg"),
        ("..", JPEG, "photo.jpg"),
        ("\u202e", JPEG, "photo.jpg"),
        ("é" * 200 + ".jpg", JPEG, "é" * 58 + ".jpg"),
    ],
)
def test_a_name_is_cleaned(name: str, kind: str, clean: str) -> None:
    """Names of the trade, of the careless and of the malicious become what a folder can hold and a reader can trust."""
    assert clean_name(name, kind, "photo") == clean


def test_a_nameless_file_is_named_after_what_it_is() -> None:
    """A voice message has no name of its own."""
    assert clean_name("", "audio/ogg", "voice") == "voice.ogg"
    assert clean_name("", UNKNOWN) == "file.bin"


@given(st.text(max_size=300), st.sampled_from([*EXTENSIONS, UNKNOWN, "application/x-nobody-knows"]))
def test_every_name_comes_out_safe(name: str, kind: str) -> None:
    """Whatever the name: no folders, nothing invisible, no leading dot, not too long, and an extension that fits; cleaning it again changes nothing."""
    clean = clean_name(name, kind)
    assert clean
    assert len(clean.encode()) <= LONGEST
    assert not set(clean) & set('<>:"|?*\\/\0')
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for one in clean)
    assert clean.strip(". ") == clean
    extension = f".{clean.rpartition('.')[2].lower()}"
    if not extension.startswith(tuple(EXTENSIONS.get(kind, ()))):
        assert (
            kind in ("text/plain", "application/xml", "application/zip", "application/gzip", "application/vnd.sqlite3")
            or kind not in EXTENSIONS
        )
        assert extension not in {one for several in EXTENSIONS.values() for one in several} or extension == ".bin"
    assert clean_name(clean, kind) == clean
