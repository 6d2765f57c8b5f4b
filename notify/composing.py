"""A letter as the mail that one reader gets: its headers, safe against injection, and its bytes, always the same.

No header is ever assigned to an EmailMessage: that reads the text as a header again, and so decodes the encoded words
(RFC 2047) in it, whatever they hold. Text goes through `email.header.Header`, an address through
`email.headerregistry.Address` with its parts apart; neither reads anything.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.charset import SHORTEST, Charset
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr

from notify import plain
from notify.addresses import split_address
from notify.parcels import Letter, Parcel, Unsendable
from notify.post import Post

END = b"\r\n"
# The registry of charsets is the whole process's, and libraries change it (Apprise does): of one parcel the bytes are
# always the same.
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = SHORTEST
LONGEST_SUBJECT = 300
LONGEST_LINE = 998
"""RFC 5322, without its end."""

_NAME = re.compile(r"[A-Za-z][A-Za-z-]*")
# One line, or several of which each further one begins with white space and is not blank.
_VALUE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*(\r\n [^\x00-\x1f\x7f-\x9f\u2028\u2029]*[!-~])*")
_WORD = re.compile(r"[A-Za-z0-9 ]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>")


def message(letter: Letter, parcel: Parcel, post: Post) -> bytes:
    """Build the whole mail of a parcel; the same parcel always gives the same bytes.

    Raises Unsendable for an address that no mail can be sent to.
    """
    token = post.token_for(parcel.subscription_id, parcel.started)
    head = b"".join(_line(name, value) for name, value in _headers(letter, parcel, post, token))
    text = _part("plain", letter.text.replace(letter.slot, token))
    if not letter.html:
        return head + text
    html = _part("html", letter.html.replace(letter.slot, token))
    boundary = f"=_{parcel.message_id.strip('<>').partition('@')[0]}"
    kind = f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode()
    line = b"--" + boundary.encode()
    return head + b"".join((kind, END * 2, line, END, text, line, END, html, line, b"--", END))


def _headers(letter: Letter, parcel: Parcel, post: Post, token: str) -> Iterator[tuple[str, str]]:
    """Yield every header except those of the body, with encoded values."""
    yield "From", _sender(post.sender)
    yield "To", _address(parcel.address)
    yield "Subject", _text("Subject", plain.line(letter.subject, LONGEST_SUBJECT))
    yield "Date", format_datetime(parcel.created_at)
    if not _MESSAGE_ID.fullmatch(parcel.message_id):
        raise Unsendable(f"invalid Message-ID: got {parcel.message_id!r}; expected <name@domain>")
    yield "Message-ID", parcel.message_id
    yield "Auto-Submitted", "auto-generated"
    if token and parcel.kind == "digest":
        yield from _list_headers(post, token)
    yield "MIME-Version", "1.0"


def _list_headers(post: Post, token: str) -> Iterator[tuple[str, str]]:
    """RFC 2919, RFC 2369 and, where there is a web page to leave by, RFC 8058. A letter about a subscription that
    is not confirmed is no list mail."""
    yield "List-Id", f"Yaodian <digest.{post.domain}>"
    ways = [f"<mailto:{post.address}?subject=unsubscribe%20{token}>"]
    if post.base_url:
        ways.insert(0, f"<{post.unsubscribe_url(token)}>")
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "List-Unsubscribe", ", ".join(ways)


def _line(name: str, value: str) -> bytes:
    """Encode one header line, after a last check that no part of it can be read as another header.

    Raises Unsendable.
    """
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise Unsendable(f"invalid header {name}: got {value!r}; expected one line")
    line = f"{name}: {value}".encode() + END
    if any(len(part) > LONGEST_LINE for part in line.split(END)):
        raise Unsendable(f"invalid header {name}: got {len(line)} bytes; expected at most {LONGEST_LINE}")
    return line


def _sender(text: str) -> str:
    name, address = parseaddr(text)
    shown = plain.line(name, LONGEST_SUBJECT)
    if not shown:
        return _address(address)
    # Within quotes an encoded word would stand for itself, but not everybody who reads mail knows.
    word = (
        shown if _WORD.fullmatch(shown) else Header(shown, _UTF8, header_name="From").encode(linesep="\r\n")
    )
    return f"{word} <{_address(address)}>"


def _address(text: str) -> str:
    """Return the address; raise Unsendable unless parsing it and writing it again give the same text."""
    try:
        local, domain = split_address(text)
    except ValueError as error:
        raise Unsendable(
            f"invalid address: got {text!r}, where {error}; expected name@example.org"
        ) from error
    written = Address(username=local, domain=domain).addr_spec
    if written != text:
        raise Unsendable(f"invalid address: got {text!r}, written as {written!r}; expected name@example.org")
    return written


def _text(name: str, text: str) -> str:
    """Encode text as a header value: as it is if it is ASCII without encoded words, else in encoded words."""
    charset = Charset("us-ascii") if text.isascii() and "=?" not in text else _UTF8
    return Header(text, charset, header_name=name).encode(linesep="\r\n")


def _part(subtype: str, text: str) -> bytes:
    """One body with its headers, as EmailMessage makes it, but not line by line: that is two thirds of the work."""
    # Half a character, of a page that was read wrongly, is no reason to keep a digest back.
    canonical = text.replace("\r\n", "\n").replace("\n", "\r\n").encode(errors="replace")
    packed = binascii.b2a_base64(canonical, newline=False)
    lines = [packed[start : start + 76] for start in range(0, len(packed), 76)]
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return b"".join((head.encode(), END.join(lines), END))
