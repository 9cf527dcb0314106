"""Names for files that are safe on every system, and say what the file is.

A name is a stranger's text that ends up in other people's folders. Windows is the strictest of those, so its rules are kept for all:
learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

from __future__ import annotations

import re
import unicodedata

from bot.files.kinds import EXECUTABLE, UNKNOWN

LONGEST = 120
"""Bytes of UTF-8 in a name."""

_TEXT = (
    *(".txt", ".md", ".csv", ".tsv", ".log", ".json", ".yaml", ".yml", ".toml", ".ini", ".conf", ".srt", ".vtt", ".tex", ".asc", ".eml"),
    *(".gpx", ".kml", ".geojson", ".xml", ".html", ".htm", ".css", ".vcf", ".ics", ".py", ".sh", ".bash", ".js", ".ts", ".bat", ".cmd"),
    *(".ps1", ".vbs", ".sql", ".c", ".h", ".cpp", ".java", ".rs", ".go", ".rb", ".pl", ".php", ".lua", ".reg", ".url", ".rst", ".tsx"),
)  # fmt: skip

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png", ".apng"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/tiff": (".tif", ".tiff", ".dng", ".nef", ".cr2", ".arw", ".pef", ".srw"),
    "image/bmp": (".bmp",),
    "image/heic": (".heic", ".heif"),
    "image/heif": (".heif", ".heic"),
    "image/avif": (".avif",),
    "image/jxl": (".jxl",),
    "image/jp2": (".jp2",),
    "image/svg+xml": (".svg",),
    "image/x-icon": (".ico",),
    "image/vnd.adobe.photoshop": (".psd",),
    "image/vnd.djvu": (".djvu",),
    "image/x-raw": (".raw", ".cr3", ".raf", ".orf", ".rw2"),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a", ".m4b", ".mp4"),
    "audio/aac": (".aac",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/flac": (".flac",),
    "audio/wav": (".wav",),
    "audio/aiff": (".aiff", ".aif"),
    "audio/midi": (".mid", ".midi"),
    "audio/amr": (".amr",),
    "audio/x-caf": (".caf",),
    "audio/webm": (".webm", ".weba"),
    "audio/x-matroska": (".mka",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/3gpp": (".3gp", ".3g2"),
    "video/webm": (".webm",),
    "video/x-matroska": (".mkv",),
    "video/ogg": (".ogv", ".ogg"),
    "video/x-msvideo": (".avi",),
    "video/mpeg": (".mpg", ".mpeg"),
    "video/mp2t": (".ts", ".mts", ".m2ts"),
    "video/x-flv": (".flv",),
    "video/x-ms-asf": (".wmv", ".wma", ".asf"),
    "application/pdf": (".pdf",),
    "application/rtf": (".rtf",),
    "application/postscript": (".ps", ".eps"),
    "application/zip": (".zip", ".kmz", ".xpi", ".vsdx"),
    "application/gzip": (".gz", ".tgz"),
    "application/x-bzip2": (".bz2",),
    "application/x-xz": (".xz",),
    "application/zstd": (".zst",),
    "application/x-7z-compressed": (".7z",),
    "application/vnd.rar": (".rar",),
    "application/x-tar": (".tar",),
    "application/vnd.ms-cab-compressed": (".cab",),
    "application/x-iso9660-image": (".iso",),
    "application/x-tgsticker": (".tgs",),
    "application/epub+zip": (".epub",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
    "application/vnd.oasis.opendocument.graphics": (".odg",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx", ".docm", ".dotx"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx", ".xlsm", ".xltx"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx", ".pptm", ".ppsx"),
    "application/msword": (".doc", ".dot"),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt", ".pps"),
    "application/vnd.ms-outlook": (".msg",),
    "application/x-ole-storage": (".ole", ".msi", ".doc", ".xls", ".ppt", ".vsd", ".pub", ".mpp"),
    "application/vnd.sqlite3": (".sqlite", ".db", ".gpkg", ".sqlite3", ".mbtiles"),
    EXECUTABLE: (".exe", ".dll", ".scr", ".sys", ".com", ".cpl", ".ocx"),
    "application/x-executable": (".elf", ".so", ".bin", ".run", ".appimage"),
    "application/x-mach-binary": (".macho", ".dylib"),
    "application/wasm": (".wasm",),
    "application/x-dex": (".dex",),
    "application/java-vm": (".class",),
    "application/java-archive": (".jar",),
    "application/vnd.android.package-archive": (".apk",),
    "application/vnd.debian.binary-package": (".deb",),
    "application/x-rpm": (".rpm",),
    "application/x-chrome-extension": (".crx",),
    "application/x-ms-shortcut": (".lnk",),
    "font/woff": (".woff",),
    "font/woff2": (".woff2",),
    "font/otf": (".otf",),
    "text/html": (".html", ".htm", ".xhtml", *_TEXT),
    "application/xml": (".xml", ".kml", ".gpx", ".rss", ".atom", ".xsd", ".xsl", ".plist", ".cap", ".osm", ".gml"),
    "text/x-shellscript": (".sh", *_TEXT),
    "text/vcard": (".vcf",),
    "text/calendar": (".ics",),
    "text/plain": _TEXT,
}
"""For each type that can be found, the extensions that go with it, the usual one first."""

_KNOWN = {extension for several in EXTENSIONS.values() for extension in several}
_RUNS = frozenset(
    {EXECUTABLE, "application/x-executable", "application/x-mach-binary", "application/x-ms-shortcut", "text/html"}
) | {
    kind for kind in EXTENSIONS if kind.endswith(("java-archive", "package-archive", "binary-package", "-shellscript"))
}
"""What does something when it is opened: the name that hid it is shown, with the true extension behind it."""

_HOLDS_ANYTHING = frozenset(
    {UNKNOWN, "text/plain", "application/xml", "application/zip", "application/gzip", "application/vnd.sqlite3"}
)
"""Formats in which others are written: an extension that nobody here knows may well be right."""

_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9_-]{1,12}$")


def clean_name(name: str, kind: str, fallback: str = "file") -> str:
    """The name without folders, control characters and the like, ending in an extension that fits the MIME type ``kind``.

    At most 120 bytes of UTF-8, never empty: where nothing is left it is ``fallback`` (as what the file is sent), as in ``photo.jpg``.
    """
    plain = _safe(re.split(r"[\\/]", name[-4096:])[-1])
    stem, extension = _parted(plain)
    if not stem:
        stem, extension = _safe(fallback) or "file", extension if extension.lower() in _KNOWN else ""
    known, wanted = extension.lower() in _KNOWN, EXTENSIONS.get(kind, (".bin",))
    free = kind in _HOLDS_ANYTHING or kind not in EXTENSIONS
    if extension.lower() not in wanted and not (free and extension and not known):
        # A picture under another picture's name is an oversight, and put right; a program under a picture's name is shown for what it is.
        shown = not known or kind in _RUNS or kind not in EXTENSIONS
        stem, extension = (stem + extension if shown else stem), wanted[0]
    if _DEVICES.match(stem):
        stem = f"_{stem}"
    room = LONGEST - len(extension.encode())
    return _cut(stem, room).rstrip(". ") + extension


def _safe(name: str) -> str:
    """The name with what no name may hold put away: control, bidirectional and other invisible characters, leading dots, reserved ones."""
    composed = unicodedata.normalize("NFC", name)
    # Cc, Cf: control, format (all bidirectional marks); Cs, Co, Cn: halves, private, not assigned; Zl, Zp: line and paragraph ends.
    shown = "".join(
        " " if unicodedata.category(one) == "Zs" else one
        for one in composed
        if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    return " ".join(_FORBIDDEN.sub("_", shown).split()).strip(". ").lstrip("~-")


def _parted(name: str) -> tuple[str, str]:
    """The name and its extension with the dot, or an empty one."""
    found = _EXTENSION.search(name)
    return (name[: found.start()].rstrip(". "), found[0]) if found else (name, "")


def _cut(text: str, size: int) -> str:
    """As much of the text as fits so many bytes of UTF-8, whole characters with their accents."""
    if len(text.encode()) <= size:
        return text
    kept = text.encode()[:size].decode(errors="ignore")
    while kept and unicodedata.combining(text[len(kept)]):
        kept = kept[:-1]
    return kept or text.encode()[:size].decode(errors="ignore")
