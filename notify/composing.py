"""A letter as the mail that one reader gets: its headers, safe against injection, and its bytes, always the same."""

from __future__ import annotations

import binascii
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

from notify.addresses import needs_smtputf8
from notify.parcels import Letter, Parcel
from notify.post import Post

UNFOLDED = {"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id", "feedback-id"}


class _Policy(EmailPolicy):
    """As EmailPolicy, which would tear a long link in a header apart and encode the pieces."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in UNFOLDED:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


END = b"\r\n"
ASCII = _Policy(linesep=SMTP.linesep, cte_type="7bit")
UTF8 = ASCII.clone(utf8=True, cte_type="8bit")


def message(letter: Letter, parcel: Parcel, post: Post) -> bytes:
    """The whole mail; of one parcel always the same. EmailMessage refuses line breaks in headers, so a page's title
    can't add one."""
    token = post.token_for(parcel.subscription_id, parcel.started)
    policy = UTF8 if needs_smtputf8(parcel.address) else ASCII
    mail = EmailMessage(policy=policy)
    name, address = parseaddr(post.sender)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = parcel.address
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(parcel.created_at)
    mail["Message-ID"] = parcel.message_id
    mail["Auto-Submitted"] = "auto-generated"
    if token:
        _list_headers(mail, parcel, post, token)
    mail["MIME-Version"] = "1.0"
    head = mail.as_bytes().removesuffix(END)
    text = _part("plain", letter.text.replace(letter.slot, token))
    if not letter.html:
        return head + text
    html = _part("html", letter.html.replace(letter.slot, token))
    boundary = f"=_{parcel.message_id.strip('<>').partition('@')[0]}"
    kind = f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode()
    line = b"--" + boundary.encode()
    return head + b"".join((kind, END * 2, line, END, text, line, END, html, line, b"--", END))


def _part(subtype: str, text: str) -> bytes:
    """One body with its headers, as EmailMessage makes it, but not line by line: that is two thirds of the work."""
    canonical = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    packed = binascii.b2a_base64(canonical, newline=False)
    lines = [packed[start : start + 76] for start in range(0, len(packed), 76)]
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return b"".join((head.encode(), END.join(lines), END))


def _list_headers(mail: Message, parcel: Parcel, post: Post, token: str) -> None:
    """RFC 2919, RFC 2369 and, where there is a web page to leave by, RFC 8058. A letter about a subscription that
    is not confirmed is no list mail."""
    if parcel.kind != "digest":
        return
    mail["List-Id"] = f"Yaodian <digest.{post.domain}>"
    ways = [f"<mailto:{post.address}?subject=unsubscribe%20{token}>"]
    if post.base_url:
        ways.insert(0, f"<{post.unsubscribe_url(token)}>")
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["List-Unsubscribe"] = ", ".join(ways)
