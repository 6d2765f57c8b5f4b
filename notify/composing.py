"""A letter as the mail that one reader gets: its headers, safe against injection, and its bytes, always the same."""

from __future__ import annotations

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
    mail.set_content(letter.text.replace(letter.slot, token), cte="base64")
    if letter.html:
        mail.add_alternative(letter.html.replace(letter.slot, token), subtype="html", cte="base64")
        mail.set_boundary(f"=_{parcel.message_id.strip('<>').partition('@')[0]}")
    return mail.as_bytes()


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
