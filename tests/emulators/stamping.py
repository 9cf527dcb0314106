"""A time-stamping authority (RFC 3161) on this machine: certificates, answers and an HTTP server of its own, and every way to lie.

Nothing of ours is used: DER is written here, signatures are by ``cryptography``, so that what it makes is a check on what reads it. What it answers,
``openssl ts -verify`` accepts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
"""From when its certificates are good."""
ENDS = datetime(2040, 1, 1, tzinfo=UTC)

GRANTED, REJECTED = 0, 2


# --- DER -----------------------------------------------------------------------------------------------------------------


def der(tag: int, *parts: bytes) -> bytes:
    """One element."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def whole(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    found = bytes([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        found += bytes(reversed(digits))
    return der(0x06, found)


def octets(data: bytes) -> bytes:
    return der(0x04, data)


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """What follows each other, with tag and content."""
    found = []
    while data:
        size, start = data[1], 2
        if size & 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(data[2:start], "big")
        found.append((data[0], data[start : start + size]))
        data = data[start + size :]
    return found


SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
ECDSA = sequence(oid("1.2.840.10045.4.3.2"))
TST_INFO = oid("1.2.840.113549.1.9.16.1.4")


# --- certificates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def root(name: str = "Test Root") -> Holder:
    """A root certificate."""
    return _issued(name, None, BEGAN, ENDS, None)


def stamper(issuer: Holder, name: str = "Test Stamps", ends: datetime = ENDS, *, stamps: bool = True) -> Holder:
    """A certificate for time stamps; for web servers unless it ``stamps``."""
    use = ExtendedKeyUsageOID.TIME_STAMPING if stamps else ExtendedKeyUsageOID.SERVER_AUTH
    return _issued(name, issuer, BEGAN, ends, use)


def _issued(
    name: str, issuer: Holder | None, begins: datetime, ends: datetime, use: x509.ObjectIdentifier | None
) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = issuer.key if issuer is not None else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=use is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if use is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
    return Holder(builder.sign(signing, hashes.SHA256()), key)


# --- answers -------------------------------------------------------------------------------------------------------------


@dataclass
class Authority:
    """What it answers with; every way to lie is a setting."""

    root: Holder
    holder: Holder
    now: Callable[[], datetime]
    status: int = GRANTED
    nonce: int | None = None
    """Another than was asked with."""
    imprint: bytes | None = None
    """Another than was asked for."""
    disorder: bool = False
    """Its certificates come in another order than DER has, as OpenSSL brings them."""
    asked: int = 0
    """How often it was asked."""

    def answer(self, request: bytes) -> bytes:
        """A ``TimeStampResp`` to a ``TimeStampReq``."""
        self.asked += 1
        fields = elements(elements(request)[0][1])
        imprint = elements(fields[1][1])[1][1]
        nonce = next((int.from_bytes(data, "big", signed=True) for tag, data in fields[2:] if tag == 0x02), None)
        if self.status != GRANTED:
            return sequence(sequence(whole(self.status)))
        told = self.nonce if self.nonce is not None else nonce
        return sequence(sequence(whole(GRANTED)), self._token(self.imprint or imprint, told))

    def _token(self, imprint: bytes, nonce: int | None) -> bytes:
        at = self.now().astimezone(UTC)
        info = sequence(
            whole(1),
            oid("1.2.3.4.1"),
            sequence(SHA256, octets(imprint)),
            whole(7),
            der(0x18, f"{at:%Y%m%d%H%M%S}Z".encode()),
            whole(nonce) if nonce is not None else b"",
        )
        certificate = self.holder.certificate
        signed = [
            sequence(oid("1.2.840.113549.1.9.3"), der(0x31, TST_INFO)),
            sequence(oid("1.2.840.113549.1.9.4"), der(0x31, octets(sha256(info).digest()))),
            # SigningCertificate (RFC 2634, 5.4): which certificate this is, by its SHA-1.
            sequence(
                oid("1.2.840.113549.1.9.16.2.12"),
                der(0x31, sequence(sequence(sequence(octets(sha1(self.holder.der).digest()))))),
            ),
        ]
        attributes = b"".join(sorted(signed))
        signature = self.holder.key.sign(der(0x31, attributes), ec.ECDSA(hashes.SHA256()))
        issuer = certificate.issuer.public_bytes()
        signer = sequence(
            whole(1),
            sequence(issuer, whole(certificate.serial_number)),
            SHA256,
            der(0xA0, attributes),
            ECDSA,
            octets(signature),
        )
        data = sequence(
            whole(3),
            der(0x31, SHA256),
            sequence(TST_INFO, der(0xA0, octets(info))),
            der(0xA0, *sorted((self.holder.der, self.root.der), reverse=self.disorder)),
            der(0x31, signer),
        )
        return sequence(oid("1.2.840.113549.1.7.2"), der(0xA0, data))


def authority(now: Callable[[], datetime], name: str = "Test Stamps", ends: datetime = ENDS) -> Authority:
    """A new authority with a root of its own."""
    top = root(f"{name} Root")
    return Authority(top, stamper(top, name, ends), now)


# --- over HTTP -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(source: Authority, instead: Callable[[bytes], bytes | None] | None = None) -> AsyncIterator[str]:
    """Its address while it serves. ``instead``: answers in its place; None: the answer never comes."""

    async def handle(request: web.Request) -> web.StreamResponse:
        asked = await request.read()
        if request.content_type != "application/timestamp-query":
            return web.Response(status=415)
        if instead is None:
            body: bytes | None = source.answer(asked)
        else:
            source.asked += 1
            body = instead(asked)
        if body is None:
            await asyncio.Event().wait()
        return web.Response(body=body, content_type="application/timestamp-reply")

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


def later(now: datetime, minutes: int) -> Callable[[], datetime]:
    """A clock that stands."""
    return lambda: now + timedelta(minutes=minutes)
