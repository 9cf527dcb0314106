"""What a file is, found by looking into it. What its sender says of it is never believed.

Signatures are those of the formats' own specifications, in the order of the WHATWG's MIME Sniffing Standard (sections 6 and 7) where that
knows them: strong ones first, then text, then those so short that text could have them by chance.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO

from playbooks.spoken import FileKind

UNKNOWN = "application/octet-stream"
EXECUTABLE = "application/vnd.microsoft.portable-executable"

_WINDOW = 1 << 16
"""Bytes looked at from each end of a file."""

_STRONG: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),  # ITU-T T.81
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"II+\0", "image/tiff"),
    (0, b"MM\0+", "image/tiff"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"8BPS\0", "image/vnd.adobe.photoshop"),
    (0, b"FUJIFILMCCD-RAW", "image/x-raw"),
    (0, b"IIRO", "image/x-raw"),
    (0, b"IIRS", "image/x-raw"),
    (0, b"IIU\0", "image/x-raw"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"MThd\0\0\0\6", "audio/midi"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"caff\0", "audio/x-caf"),
    (0, b"FLV\1", "video/x-flv"),
    (0, b"\0\0\1\xba", "video/mpeg"),
    (0, b"\0\0\1\xb3", "video/mpeg"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS-Adobe", "application/postscript"),
    (0, b"\x1f\x8b\x08", "application/gzip"),  # RFC 6713
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),  # RFC 8878
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (257, b"ustar", "application/x-tar"),
    (0x8001, b"CD001", "application/x-iso9660-image"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"AT&TFORM", "image/vnd.djvu"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\0asm", "application/wasm"),
    (0, b"dex\n", "application/x-dex"),
    (0, b"L\0\0\0\1\x14\2\0", "application/x-ms-shortcut"),
    (0, b"!<arch>\ndebian", "application/vnd.debian.binary-package"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"Cr24", "application/x-chrome-extension"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"OTTO\0", "font/otf"),
)

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

_OFFICE = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_OLE = (("WordDocument", "application/msword"), ("Workbook", "application/vnd.ms-excel"))
_OLE_MORE = (("PowerPoint Document", "application/vnd.ms-powerpoint"), ("__substg1.0_", "application/vnd.ms-outlook"))

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}

_BINARY = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # MIME Sniffing, 3: binary data bytes
_HTML = re.compile(
    rb"\s*<(!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>]", re.IGNORECASE
)
_FIRST_TAG = re.compile(rb"<(?:[a-z]{1,8}:)?([a-z]+)[\s>]", re.IGNORECASE)

_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})


def look(path: Path) -> str:
    """The MIME type of a file; ``application/octet-stream`` where it is nothing known. Never raises for what is in the file."""
    with path.open("rb") as file:
        head = file.read(_WINDOW)
        size = file.seek(0, 2)
        file.seek(max(0, size - _WINDOW))
        kind = sniffed(head, file.read(_WINDOW))
        if kind in ("video/mp4", "video/quicktime") and _only_sound(file, size):
            return "audio/mp4"
    return kind


def sniffed(head: bytes, tail: bytes = b"") -> str:
    """The MIME type of what begins with ``head`` and ends with ``tail`` (for archives, which have their list at the end)."""
    for offset, magic, kind in _STRONG:
        if head.startswith(magic, offset):
            return _unpacked(head) if kind == "application/gzip" else kind
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/aiff"
    if head[:4] == b"OggS":
        return "video/ogg" if b"\x80theora" in head[:4096] else "audio/ogg"
    if head[:4] == b"\x1aE\xdf\xa3":
        return _matroska(head)
    if head[4:8] == b"ftyp":
        return _base_media(head)
    if head[4:8] in (b"moov", b"mdat", b"wide") and head[:1] == b"\0":
        return "video/quicktime"
    if head[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08"):
        return _zipped(head, head + tail)
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        window = head + tail
        found = (kind for name, kind in (*_OLE, *_OLE_MORE) if name.encode("utf-16-le") in window)
        return next(found, "application/x-ole-storage")
    if head[:4] == b"\xca\xfe\xba\xbe" and len(head) >= 8:
        # Both Java and Apple chose these four bytes; Apple goes on with a small count of processors, Java with its version (45 and up).
        return "application/x-mach-binary" if unpack_from(">I", head, 4)[0] < 45 else "application/java-vm"
    return _written(head) or _weak(head)


def fitting(said: FileKind, kind: str) -> FileKind:
    """As what a file of this MIME type can be sent, said to be ``said``: a photo that is no picture is a file."""
    family = kind.partition("/")[0]
    moving = kind in ("video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/3gpp")
    if said in ("photo", "animation") and kind == "image/gif":
        return "animation"
    match said:
        case "photo":
            return "photo" if kind in _PICTURES else "file"
        case "video":
            return "video" if moving else "file"
        case "animation":
            return "animation" if moving else "photo" if kind in _PICTURES else "file"
        case "audio":
            return "audio" if family == "audio" else "file"
        case "voice":
            spoken = kind in ("audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm")
            return "voice" if spoken else "audio" if family == "audio" else "file"
        case "sticker":
            drawn = kind in ("application/x-tgsticker", "video/webm", "image/gif") or kind in _PICTURES
            return "sticker" if drawn else "file"
        case "file":
            return "file"


def _unpacked(head: bytes) -> str:
    """Telegram's animated stickers are gzip-compressed Lottie (core.telegram.org/stickers)."""
    try:
        inside = zlib.decompressobj(31).decompress(head, 4096)
    except zlib.error:
        return "application/gzip"
    return "application/x-tgsticker" if inside[:1] == b"{" and b'"tgs"' in inside else "application/gzip"


def _matroska(head: bytes) -> str:
    """RFC 9559: the document's type is in the first element, the codecs' names soon after."""
    sound = b"\x86\x8a" not in head and b"V_" not in head and b"A_" in head
    return f"{'audio' if sound else 'video'}/{'webm' if b'webm' in head[:64] else 'x-matroska'}"


def _base_media(head: bytes) -> str:
    """ISO/IEC 14496-12, 4.3: the brands that a file says it follows; the first is the chief one."""
    size = min(unpack_from(">I", head)[0], len(head), 512)
    chief = head[8:12]
    brands = {chief, *(head[at : at + 4] for at in range(16, size - 3, 4))}
    if chief == b"crx ":
        return "image/x-raw"
    if chief in (b"avif", b"avis") or (chief in (b"mif1", b"msf1") and brands & {b"avif", b"avis"}):
        return "image/avif"
    if chief in _HEIC or (chief in (b"mif1", b"msf1") and brands & _HEIC):
        return "image/heic"
    if chief in (b"mif1", b"msf1"):
        return "image/heif"
    if chief in (b"M4A ", b"M4B ", b"M4P ", b"F4A "):
        return "audio/mp4"
    if chief == b"qt  ":
        return "video/quicktime"
    return "video/3gpp" if chief[:2] == b"3g" else "video/mp4"


def _only_sound(file: BinaryIO, size: int) -> bool:
    """Whether a film has a track of sound and none of pictures, as far as its first 16 MiB of description tell."""
    at = 0
    for _ in range(256):
        file.seek(at)
        start = file.read(16)
        if len(start) < 16:
            return False
        length: int = unpack_from(">I", start)[0]
        if length == 1:
            length = unpack_from(">Q", start, 8)[0]
        if start[4:8] == b"moov":
            return _tracks(file, min(length or size, size - at, 1 << 24)) == {b"soun"}
        if length < 8:
            return False
        at += length
        if at >= size:
            return False
    return False


def _tracks(file: BinaryIO, left: int) -> set[bytes]:
    """The kinds of tracks named in what follows."""
    found: set[bytes] = set()
    before = b""
    while left > 0 and (piece := file.read(min(left, _WINDOW))):
        found.update(re.findall(rb"hdlr.{8}(soun|vide)", before + piece, re.DOTALL))
        before = piece[-16:]
        left -= len(piece)
    return found


def _zipped(head: bytes, window: bytes) -> str:
    """An archive, or one of the documents and programs that are archives."""
    if head[30:38] == b"mimetype" and head[8:10] == b"\0\0":
        # ODF 1.2 part 3, 3.3, and EPUB OCF: the first member is the type itself, not compressed.
        size = min(unpack_from("<I", head, 18)[0], 100)
        named = head[38 : 38 + size].decode("ascii", "replace")
        if re.fullmatch(r"application/(epub\+zip|vnd\.oasis\.opendocument\.[a-z-]{1,40})", named):
            return named
    if b"[Content_Types].xml" in window:
        return next((kind for part, kind in _OFFICE if part in window), "application/zip")
    if b"AndroidManifest.xml" in window:
        return "application/vnd.android.package-archive"
    return "application/java-archive" if b"META-INF/MANIFEST.MF" in window else "application/zip"


def _written(head: bytes) -> str:
    """The type of something written in letters; empty where it is not."""
    if not head:
        return UNKNOWN
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        wide = head[2 : len(head) & ~1].decode("utf-16-le" if head[0] == 0xFF else "utf-16-be", "replace")
        return "" if re.search("[\0-\x08\ufffd]", wide) else "text/plain"
    words = head.removeprefix(b"\xef\xbb\xbf")
    if _BINARY.search(words):
        return ""
    start = words[:4096].lstrip()
    lowered = start[:64].lower()
    if lowered.startswith((b"<?xml", b"<svg", b"<!doctype svg", b"<!--")):
        first = _FIRST_TAG.search(re.sub(rb"<!--.*?-->", b"", start, flags=re.DOTALL))
        named = first[1].lower() if first else b""
        if named in (b"svg", b"html"):
            return "image/svg+xml" if named == b"svg" else "text/html"
        return "application/xml" if lowered.startswith(b"<?xml") else "text/html"
    if _HTML.match(start):
        return "text/html"
    if start.startswith(b"#!") and words.startswith(b"#!"):
        return "text/x-shellscript"
    if lowered.startswith(b"begin:vcard"):
        return "text/vcard"
    return "text/calendar" if lowered.startswith(b"begin:vcalendar") else "text/plain"


def _weak(head: bytes) -> str:
    """Formats whose signature is two or three bytes; whatever looks like text was decided before."""
    if head[:2] == b"MZ":
        return EXECUTABLE
    if head[:2] == b"BM" and len(head) > 18 and unpack_from("<I", head, 14)[0] in (12, 40, 52, 56, 64, 108, 124):
        return "image/bmp"
    if head[:4] == b"\0\0\1\0" and 0 < unpack_from("<H", head.ljust(6, b"\0"), 4)[0] < 64:
        return "image/x-icon"
    if head[:2] == b"\xff\x0a":
        return "image/jxl"
    if len(head) > 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"  # ISO/IEC 13818-7, 6.2: the layer is always 0
    if len(head) > 4 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] >> 4 != 15 and head[2] & 12 != 12:
        return "audio/mpeg"  # ISO/IEC 11172-3, 2.4.1.3: layer III, no bitrate and no rate that are forbidden
    if len(head) > 564 and head[0] == head[188] == head[376] == head[564] == 0x47:
        return "video/mp2t"
    return UNKNOWN
