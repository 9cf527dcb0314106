"""Time stamps: what an authority answers is read strictly, counted only where its signature leads to whom somebody trusts, and never a danger."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.notes import Checkpoint, Signer
from storage.stamping import (
    MOST_BYTES,
    MOST_STAMPS,
    BadStamp,
    Stamped,
    chosen,
    leads_to,
    of_token,
    question,
    read,
    roots_in,
    stamped,
)
from tests.emulators import openssl
from tests.emulators.stamping import REJECTED, Authority, authority, stamper
from tests.storage.small import NOW

SIGNER = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
NOTE = SIGNER.sign(Checkpoint("liege/I-1", 5, bytes(32)).text)


def clock() -> datetime:
    """When the authorities of these tests answer."""
    return NOW


GOOD = authority(clock)


def test_a_stamp_says_who_when_and_over_what() -> None:
    """It leads to its authority's root and to no other; asked without a number, as by hand, it holds as well."""
    asked = question(NOTE)
    answer = GOOD.answer(asked.body)
    found = stamped(asked, answer, [GOOD.root.certificate])
    assert (found.authority, found.at, found.size, found.answer) == ("Test Stamps", NOW, 5, answer)
    other = authority(clock)
    assert not leads_to(found, [other.root.certificate])
    assert leads_to(found, [other.root.certificate, GOOD.root.certificate])
    assert not leads_to(found, [])
    by_hand = question(NOTE, nonce=False)
    assert by_hand.nonce is None
    assert stamped(by_hand, GOOD.answer(by_hand.body), [GOOD.root.certificate]).at == NOW
    assert of_token(NOTE, found.token) == found


@pytest.mark.parametrize(
    ("lie", "says"),
    [
        ({"nonce": 5}, "another question"),
        ({"imprint": bytes(32)}, "something else"),
        ({"status": REJECTED}, "did not grant"),
    ],
)
def test_an_authority_that_lies_is_not_believed(lie: dict[str, int | bytes], says: str) -> None:
    """Another number, another imprint or a refusal is no stamp, whoever signed it."""
    liar = Authority(GOOD.root, GOOD.holder, clock)
    for name, value in lie.items():
        setattr(liar, name, value)
    asked = question(NOTE)
    with pytest.raises(BadStamp, match=says):
        stamped(asked, liar.answer(asked.body))


def test_no_time_is_taken_that_cannot_be() -> None:
    """A report that shows it in the time of its zone would have no year for it."""
    asked = question(NOTE)
    with pytest.raises(BadStamp, match="the year is 9999"):
        stamped(asked, Authority(GOOD.root, GOOD.holder, lambda: NOW.replace(year=9999)).answer(asked.body))


@pytest.mark.parametrize("disorder", [False, True])
def test_the_order_of_certificates_says_nothing(disorder: bool) -> None:
    """OpenSSL, which many authorities run, brings them as they come to hand; nobody signs in which order."""
    source = Authority(GOOD.root, GOOD.holder, clock, disorder=disorder)
    asked = question(NOTE)
    answer = source.answer(asked.body)
    assert stamped(asked, answer, [GOOD.root.certificate]).answer == answer


def test_what_is_no_answer_is_refused() -> None:
    """Nothing, garbage, a length that lies, what is very long or nested, and an answer that goes on behind its end."""
    whole = GOOD.answer(question(NOTE).body)
    nested = b"\x30\x80" * 1000
    for data in (b"", b"<html>", b"\x30\x84\xff\xff\xff\xff", bytes(MOST_BYTES + 1), nested, whole + b"\0", whole[:-1]):
        with pytest.raises(BadStamp):
            read(NOTE, data)
    with pytest.raises(BadStamp):
        of_token(NOTE, "no base64")
    with pytest.raises(BadStamp):
        of_token("no note", read(NOTE, whole).token)


def test_a_stamp_by_whom_nobody_may_believe_does_not_lead_there() -> None:
    """A certificate that had expired when it stamped, or is for something else, counts for nothing; one that expired since does."""
    asked = question(NOTE)
    expired = Authority(GOOD.root, stamper(GOOD.root, ends=NOW - timedelta(days=1)), clock)
    expires = Authority(GOOD.root, stamper(GOOD.root, ends=NOW + timedelta(seconds=1)), clock)
    for_web = Authority(GOOD.root, stamper(GOOD.root, stamps=False), clock)
    found = [
        leads_to(read(NOTE, one.answer(asked.body)), [GOOD.root.certificate]) for one in (expired, expires, for_web)
    ]
    assert found == [False, True, False]


def test_no_changed_byte_changes_what_is_said_or_does_harm() -> None:
    """Each byte of an answer changed: it is refused, or says the same where it still leads to the root."""
    answer = GOOD.answer(question(NOTE).body)
    chance = Random(1)
    good = 0
    for place in range(len(answer)):
        changed = bytearray(answer)
        changed[place] ^= 1 << chance.randrange(8)
        try:
            found = read(NOTE, bytes(changed))
        except BadStamp:
            continue
        if leads_to(found, [GOOD.root.certificate]):
            good += 1
            assert (found.at, found.note) == (NOW, NOTE)
    assert 0 < good < len(answer) / 2  # the root that came along is asked of nobody


def test_a_copy_brings_of_very_many_some() -> None:
    """Of each size the earliest, none beyond the copy; of very many some, with the first and the last."""

    def stamp(size: int, minutes: int) -> Stamped:
        note = SIGNER.sign(Checkpoint("liege/I-1", size, bytes(32)).text)
        return Stamped(note, b"", "", NOW + timedelta(minutes=minutes))

    late, early, beyond = stamp(5, 9), stamp(5, 3), stamp(9, 1)
    assert chosen([late, early, beyond, stamp(0, 0)], 8) == [early]
    many = [stamp(number, number) for number in range(1, 3 * MOST_STAMPS)]
    some = chosen(many, 10_000)
    assert len(some) == MOST_STAMPS == len({one.size for one in some})
    assert (some[0], some[-1]) == (many[0], many[-1])


def test_a_file_without_certificates_is_told() -> None:
    """A root is PEM; anything else is refused in words."""
    assert roots_in(GOOD.root.pem) == [GOOD.root.certificate]
    for data in (b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(ValueError, match="there is no certificate in it"):
            roots_in(data)


def test_openssl_says_the_same(tmp_path: Path) -> None:
    """The program that an outsider has finds the same of good stamps and of those by somebody else, expired, or for something else."""
    assert openssl.is_here()
    asked = question(NOTE)
    (tmp_path / "note").write_text(NOTE)
    (tmp_path / "root").write_bytes(GOOD.root.pem)
    expired = Authority(GOOD.root, stamper(GOOD.root, ends=NOW - timedelta(days=1)), clock)
    for_web = Authority(GOOD.root, stamper(GOOD.root, stamps=False), clock)
    disordered = Authority(GOOD.root, GOOD.holder, clock, disorder=True)
    said = []
    for one in (GOOD, disordered, authority(clock), expired, for_web):
        found = read(NOTE, one.answer(asked.body))
        (tmp_path / "stamp").write_bytes(found.answer)
        confirmed = openssl.confirms(tmp_path, "note", "stamp", "root", found.at)
        said.append((confirmed, leads_to(found, [GOOD.root.certificate])))
    assert said == [(True, True)] * 2 + [(False, False)] * 3
