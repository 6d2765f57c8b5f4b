"""No text and no address makes a mail with a header, a recipient or a line that we did not mean."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.policy
from dataclasses import replace
from email import charset
from email.header import decode_header, make_header
from email.utils import getaddresses, parseaddr
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import hostile_text
from bench.attacks.mail_addresses import find_breach
from notify import composing, plain
from notify.addresses import checked_address, split_address
from notify.parcels import Letter, Parcel, Unsendable
from notify.post import Post
from notify.smtp import check_recipient
from notify.tokens import Tokens
from store.errors import WrongUse

pytestmark = pytest.mark.one_database

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LETTER = Letter("教育要点摘要", "新发布 1 份", "<p>新发布 1 份</p>", "新发布 1 份")
PARCEL = Parcel(7, "digest", "mail", "reader@example.org", "<digest.x@example.org>", NOW, 1, 3, NOW, 1)
POST = Post(
    "要点 Yaodian <yaodian@example.org>", Tokens("x" * 40), Path(), base_url="https://yaodian.example.org"
)
UNHURRIED = settings(deadline=None)
# Half of a surrogate pair, too: that is what `st.text()` leaves out.
FOREIGN = st.text(st.characters(codec=None), max_size=100) | st.integers(0, 10**6).map(
    lambda seed: next(hostile_text.texts(seed))
)
ADDRESSES = (
    st.integers(0, 10**6).map(lambda seed: next(hostile_text.addresses(seed)))
    | st.tuples(FOREIGN, st.sampled_from(("b.co", "例子.中国", "b.co."))).map("@".join)
    | st.emails()
)


def kept_of(typed: str) -> str | None:
    """The address as it is kept; None where it is refused."""
    try:
        return checked_address(typed)
    except WrongUse:
        return None


def sent_to(address: str) -> bytes | None:
    """The mail; None where it is refused, in the envelope, too."""
    try:
        return composing.message(LETTER, replace(PARCEL, address=address), POST)
    except Unsendable:
        with pytest.raises(Unsendable):
            check_recipient(address)
        return None


def read(raw: bytes) -> email.message.EmailMessage:
    made = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(made, email.message.EmailMessage)
    return made


@UNHURRIED
@given(subject=FOREIGN, text=FOREIGN)
def test_no_subject_or_text_makes_another_header_or_line(subject: str, text: str) -> None:
    raw = composing.message(replace(LETTER, subject=subject, text=text), PARCEL, POST)
    assert find_breach(PARCEL.address, raw) == ""
    assert max(map(len, raw.split(b"\r\n"))) <= composing.LONGEST_LINE
    unfolded = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode()
    value = next(line for line in unfolded.split("\r\n") if line.startswith("Subject:"))[8:].strip()
    assert str(make_header(decode_header(value))).strip() == plain.line(subject, composing.LONGEST_SUBJECT)
    body = read(raw).get_body(("plain",))
    assert body is not None
    sent = text.replace("\r\n", "\n").replace("\n", "\r\n").encode(errors="replace")
    assert body.get_payload(decode=True) == sent


@UNHURRIED
@given(name=FOREIGN)
def test_no_senders_name_makes_another_header_or_sender(name: str) -> None:
    post = replace(POST, sender=f"{name} <yaodian@example.org>")
    if post.address != "yaodian@example.org":
        return
    raw = composing.message(LETTER, PARCEL, post)
    assert find_breach(PARCEL.address, raw) == ""
    assert [one.addr_spec for one in read(raw)["From"].addresses] == ["yaodian@example.org"]


@UNHURRIED
@given(typed=ADDRESSES)
def test_an_address_is_read_as_itself_by_everything_or_refused(typed: str) -> None:
    if (address := kept_of(typed)) is None:
        return
    assert checked_address(address) == address
    assert split_address(address) == tuple(address.rsplit("@", 1))
    check_recipient(address)
    raw = composing.message(LETTER, replace(PARCEL, address=address), POST)
    assert find_breach(address, raw) == ""
    seen = [one.addr_spec for one in read(raw)["To"].addresses]
    assert [one.encode("utf-8", "surrogateescape").decode() for one in seen] == [address]
    assert getaddresses([address]) == [("", address)]
    assert parseaddr(address) == ("", address)


@UNHURRIED
@given(kept=ADDRESSES)
def test_an_address_that_was_kept_unchecked_is_sent_as_itself_or_not_at_all(kept: str) -> None:
    if (raw := sent_to(kept)) is None:
        return
    assert find_breach(kept, raw) == ""
    check_recipient(kept)


@pytest.mark.parametrize("seed", range(4))
def test_hostile_addresses_of_the_bench_are_hostile_enough(seed: int) -> None:
    """Some are refused and some are taken, or nothing would be tried."""
    taken = [kept_of(one) for one in islice(hostile_text.addresses(seed), 500)]
    assert 5 < sum(one is not None for one in taken) < 495


@pytest.mark.parametrize(
    ("subject", "header"),
    [
        ("title\r\nBcc: b@example.org", b"Subject: title Bcc: b@example.org"),
        ("a\u2028b\x85c\x0bd\x0ce\x00f", b"Subject: a b c d ef"),
        ("=?utf-8?q?a=0D=0ABcc=3A_x?=", b"Subject: =?utf-8?b?PT91dGYtOD9xP2E9MEQ9MEFCY2M9M0FfeD89?="),
        ("half \ud800", b"Subject: half"),
    ],
)
def test_a_subject_is_cleaned_and_never_decoded(subject: str, header: bytes) -> None:
    raw = composing.message(replace(LETTER, subject=subject), PARCEL, POST)
    assert header in raw.split(b"\r\n")


def test_what_a_library_registers_of_a_charset_changes_no_mail() -> None:
    before = composing.message(replace(LETTER, subject="要点=?"), PARCEL, POST)
    known = dict(charset.CHARSETS)
    charset.add_charset("utf-8", charset.QP, charset.QP, "utf-8")  # as Apprise does
    try:
        assert composing.message(replace(LETTER, subject="要点=?"), PARCEL, POST) == before
    finally:
        charset.CHARSETS.update(known)


def test_a_header_is_looked_at_again_before_it_is_written() -> None:
    for bad in ("<x@y>\r\nBcc: b@example.org", "<x\n@y>", "<x@y> (\u2028)", "x"):
        with pytest.raises(Unsendable, match="invalid Message-ID"):
            composing.message(LETTER, replace(PARCEL, message_id=bad), POST)
    for post in (
        replace(POST, base_url="https://y.example\r\nBcc: b@example.org"),
        replace(POST, base_url="https://y.example/" + "x" * 1000),
    ):
        with pytest.raises(Unsendable, match="invalid header List-Unsubscribe"):
            composing.message(LETTER, PARCEL, post)
    with pytest.raises(Unsendable, match="invalid address"):
        composing.message(LETTER, PARCEL, replace(POST, sender="a <b>"))


def test_a_connection_that_raises_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that lost one to an exception would wait for it for ever where the relay allows no other."""
    from notify.smtp import Pool, Relay, _Line

    class Client:
        is_connected = True

        def close(self) -> None:
            Client.is_connected = False

    async def raising(*_: object) -> None:
        raise ZeroDivisionError

    async def run() -> int:
        pool = Pool(Relay.parse("smtp://127.0.0.1:1"), "example.org")
        pool._open = 1
        pool._idle.append(_Line(Client()))  # type: ignore[arg-type]
        with pytest.raises(ZeroDivisionError):
            await pool.send("a@b.co", "reader@example.org", b"")
        return pool._open

    monkeypatch.setattr(_Line, "hand_over", raising)
    assert asyncio.run(run()) == 0
    assert not Client.is_connected
