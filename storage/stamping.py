"""Time stamps of checkpoints, as RFC 3161 has them: an authority signs a hash together with the time at which it saw it.

What is stamped is a signed checkpoint, every byte of its note. The answer (``.tsr``, a ``TimeStampResp``) is kept as it came, so that anybody can
check it with ``openssl ts -verify``. It says that the log was this at that time, by a clock that is not the operator's; it does not say that the operator
showed no other log to others: that is for witnesses.

What an answer says is read here, strictly, before its signature is looked at; the signature and the chain of certificates are the work of
``rfc3161-client``, at the time that the answer names: a certificate that expired since does not make a good stamp bad.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from playbooks.phrasing import legible, one_line
from storage.notes import parse_checkpoint, split_note

if TYPE_CHECKING:
    from cryptography import x509

MOST_BYTES = 1 << 16
"""Bytes of an answer that are read: with a chain of certificates it has about six thousand."""

MOST_STAMPS = 200
"""Stamps that a copy brings: those of eight days where one is asked for each hour."""

LONGEST_NAME = 80
"""Characters of an authority's name."""

_SEQUENCE, _INTEGER, _OCTETS, _OID, _TIME, _FIRST = 0x30, 0x02, 0x04, 0x06, 0x18, 0xA0
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_SHA256 = bytes.fromhex("608648016503040201")
_AT = re.compile(rb"(\d{14})(?:\.(\d{0,5}[1-9]))?Z")


class BadStamp(ValueError):
    """An answer that is no time stamp of what was asked for. The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint with its time stamp: the note, the authority's answer as it came (DER), its name, and the time that it names."""

    note: str
    answer: bytes
    authority: str
    at: datetime

    @property
    def size(self) -> int:
        """How many entries the checkpoint is over."""
        return parse_checkpoint(split_note(self.note)[0]).size

    @property
    def token(self) -> str:
        """The answer in base64, as the log keeps it."""
        return b64encode(self.answer).decode()


@dataclass(frozen=True, slots=True)
class Question:
    """What an authority is asked (``TimeStampReq``, DER) about a note, with the number that its answer must repeat."""

    note: str
    body: bytes
    nonce: int | None


def question(note: str, *, nonce: bool = True) -> Question:
    """What an authority is asked about a note. Without ``nonce`` the answer may come whenever, by whatever way: it is for a file that somebody carries."""
    from rfc3161_client import TimestampRequestBuilder
    from rfc3161_client.base import HashAlgorithm

    request = TimestampRequestBuilder(note.encode(), HashAlgorithm.SHA256, nonce, True).build()
    return Question(note, request.as_bytes(), request.nonce if nonce else None)


_YEARS = range(2000, 2200)
"""Outside these no clock of an authority can be, and not every report could show what it says in the time of its zone."""


def stamped(asked: Question, answer: bytes, roots: Sequence[x509.Certificate] = ()) -> Stamped:
    """The stamp that an answer is. ``roots``: it must lead to one of them; without any nobody is trusted, and the signature is not looked at. Raises BadStamp."""
    found = read(asked.note, answer)
    if asked.nonce is not None and _told(answer).nonce != asked.nonce:
        raise BadStamp("it answers another question: its number is not the one that was asked with")
    if found.at.year not in _YEARS:
        raise BadStamp(f"it says that the year is {found.at.year}")
    if roots and not leads_to(found, roots):
        raise BadStamp("its signature does not lead to a certificate that is trusted here")
    return found


def chosen(stamps: Iterable[Stamped], upto: int) -> list[Stamped]:
    """Those that a copy brings, the smallest first: of each size up to so many entries the earliest. Where there are very many, some of those between the
    first and the last are left out, evenly: the later ones speak for them."""
    found: dict[int, Stamped] = {}
    for one in sorted(stamps, key=lambda stamp: stamp.at):
        if 0 < one.size <= upto:
            found.setdefault(one.size, one)
    every = sorted(found.values(), key=lambda stamp: stamp.size)
    if len(every) <= MOST_STAMPS:
        return every
    return [every[at * (len(every) - 1) // (MOST_STAMPS - 1)] for at in range(MOST_STAMPS)]


def read(note: str, answer: bytes) -> Stamped:
    """What an answer says of a note, whoever signed it. Raises BadStamp."""
    told = _told(answer)
    if told.imprint != sha256(note.encode()).digest():
        raise BadStamp("it is a stamp of something else")
    return Stamped(note, answer, _authority(told.certificates), told.at)


def imprint(answer: bytes) -> bytes:
    """The SHA-256 of whatever an answer is a stamp of. Raises BadStamp."""
    return _told(answer).imprint


def of_token(note: str, token: str) -> Stamped:
    """The same from base64, as the log has it. Raises BadStamp."""
    try:
        answer = b64decode(token, validate=True)
        parse_checkpoint(split_note(note)[0])
    except ValueError as error:
        raise BadStamp("what the log has of it cannot be read") from error
    return read(note, answer)


def leads_to(stamp: Stamped, roots: Sequence[x509.Certificate]) -> bool:
    """Whether the signature is by a time-stamping certificate that led to one of these at the time that the stamp names."""
    from rfc3161_client import VerifierBuilder, decode_timestamp_response

    if not roots:
        return False
    try:
        answer = decode_timestamp_response(_in_order(stamp.answer))
        return VerifierBuilder(roots=list(roots)).build().verify(answer, sha256(stamp.note.encode()).digest())
    except _unreadable():
        return False
    except BaseException as error:
        # What its compiled part does not expect of an answer, it panics at, and that is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        return False


def _in_order(answer: bytes) -> bytes:
    """The same answer with its certificates in the order of DER: authorities that run OpenSSL bring them in another, which the library refuses. Nobody
    signs the order, and what is kept stays as it came."""
    certificates = _told(answer).certificates
    return answer.replace(b"".join(certificates), b"".join(sorted(certificates)), 1)


def roots_in(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file. Raises ValueError with what would be right."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise ValueError("there is no certificate in it; name the authority's root certificate, in PEM") from error


# --- what an answer says (RFC 3161, 2.4.2; RFC 5652, 5.1), in DER ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Told:
    imprint: bytes
    at: datetime
    nonce: int | None
    certificates: Sequence[bytes]


_Part = tuple[int, bytes]
"""An element's tag, and its content."""


def _told(answer: bytes) -> _Told:
    if len(answer) > MOST_BYTES:
        raise BadStamp(f"it is longer than any time stamp: more than {MOST_BYTES} bytes")
    try:
        status, *rest = _parts(_only(answer, _SEQUENCE))
        if _parts(status[1])[0] != (_INTEGER, b"\0") or len(rest) != 1:
            raise BadStamp("the authority did not grant it")
        kind, (_, explicit) = _parts(rest[0][1])
        _version, _digests, (_, content), *others = _parts(_only(explicit, _SEQUENCE))
        what, (_, inner) = _parts(content)
        if (kind, what) != ((_OID, _SIGNED_DATA), (_OID, _TST_INFO)):
            raise BadStamp("it is no time stamp")
        info = _only(_only(inner, _OCTETS), _SEQUENCE)
        brought = [data for tag, data in others if tag == _FIRST]
        certificates = [data[begin:end] for data in brought for _, begin, _, end in _elements(data)]
        return _info(_parts(info), certificates)
    except BadStamp:
        raise
    except (ValueError, IndexError, OverflowError) as error:
        raise BadStamp("it is no time stamp") from error


def _info(fields: Sequence[_Part], certificates: Sequence[bytes]) -> _Told:
    version, _policy, (_, imprint), _serial, at, *more = fields
    (_, algorithm), digest = _parts(imprint)
    if version != (_INTEGER, b"\1") or _parts(algorithm)[0] != (_OID, _SHA256) or digest[0] != _OCTETS:
        raise BadStamp("it is written in a way that is not read here: it must be over SHA-256")
    when = _AT.fullmatch(at[1])
    if when is None or at[0] != _TIME:
        raise BadStamp("the time it names is none")
    moment = datetime.strptime(when[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    thousandths = int(((when[2] or b"") + b"000")[:3])
    nonce = next((int.from_bytes(data, "big", signed=True) for tag, data in more if tag == _INTEGER), None)
    return _Told(digest[1], moment.replace(microsecond=thousandths * 1000), nonce, certificates)


def _parts(data: bytes) -> list[_Part]:
    """The elements that follow each other in these bytes. Raises ValueError."""
    return [(tag, data[start:end]) for tag, _, start, end in _elements(data)]


def _only(data: bytes, tag: int) -> bytes:
    """The content of the one element that these bytes are, which has this tag. Raises ValueError."""
    ((found, content),) = _parts(data)
    if found != tag:
        raise ValueError("an element of another kind")
    return content


def _elements(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each element's tag, where it begins, where its content does, and where it ends: definite lengths in their shortest form, low tags."""
    at = 0
    while at < len(data):
        head = data[at : at + 2]
        if len(head) < 2 or head[0] & 0x1F == 0x1F:
            raise ValueError("an element that was cut short")
        start, length = at + 2, head[1]
        if length & 0x80:
            many = length & 0x7F
            length = int.from_bytes(data[start : start + many], "big")
            if not 1 <= many <= 4 or length < 0x80 or length < 1 << (8 * (many - 1)):
                raise ValueError("a length that is not in its one form")
            start += many
        if start + length > len(data):
            raise ValueError("an element that was cut short")
        yield head[0], at, start, start + length
        at = start + length


def _authority(certificates: Sequence[bytes]) -> str:
    """What the authority calls itself in the certificate that it brings; empty where it brings none that is for time stamps."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    for certificate in certificates:
        try:
            known = x509.load_der_x509_certificate(certificate)
            uses = known.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            names = [*known.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            names += known.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        except _unreadable():
            continue
        if ExtendedKeyUsageOID.TIME_STAMPING in uses and names:
            return one_line(legible(str(names[0].value)))[:LONGEST_NAME]
    return ""


def _unreadable() -> tuple[type[Exception], ...]:
    """What the readers of certificates and of stamps raise for one that is not well formed, or does not hold."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from rfc3161_client.errors import VerificationError

    ours = (VerificationError, ValueError, TypeError, OverflowError, UnsupportedAlgorithm)
    return (
        *ours,
        x509.InvalidVersion,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    )
