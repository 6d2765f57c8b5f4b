"""Chat addresses that carry more than tokens: options, templates, files, other hosts, in every spelling; to each entrance."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import product

from bench.attacks import Attempt, Ground
from bench.attacks.webhook_addresses import describe_kept
from notify.channels import apprise
from notify.parcels import Letter, Parcel
from notify.post import Post
from notify.tokens import Tokens

TITLE = "chat addresses (SSRF, files)"
BOTH_DATABASES = False

PLAIN = (
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/general",
    "discord://417429632418316298/JHZ7lQml277CDHmQKMHI8qBe7bk2ZwO5",
    "tgram://123456789:abcdefg_hijklmnop/12315544",
    "wecombot://KEYabc12345678", "wecom://KEYabc12345678", "weixin://KEYabc12345678",
    "dingtalk://abcdefgh12345678", "dingding://SECabc@abcdefgh12345678",
    "feishu://12345678901234567890", "lark://12345678-9012", "line://token/U123456",
)  # fmt: skip
# INSIDE stands for the URL of a secret on loopback.
NAMES = (
    "template", "Template", "TEMPLATE", "%74emplate", "template%20", "avatar_url", "image", "attach", "config", "include", "href",
    "url", "verify", "cto", "rto", "redirect", "tags", "to", "token", "key", "format", "overflow", "emojis", "mode", "thread", "host",
    ":a", "+X-Header", "-param", "proxy", "cert", "ca", "keyfile", "store",
)  # fmt: skip
VALUES = ("INSIDE", "/etc/passwd", "file:///etc/passwd", "no", "%2Fetc%2Fpasswd", "")
JOINTS = (
    "?",
    "/?",
    "//?",
    "/?a=b&",
    "&",
    "/&",
    "?;",
    ";",
    "#?",
    "%3F",
    "/%3F",
    "%253F",
    "？",
    "\\?",
    "\t?",
    "\n?",
    " ?",
    "﹖",
    "?\n",
)
TAILS = (
    "#", "#x", "/x", "/x/y/z/q", "/..", "/../..", "/.", "//", "/%2e%2e/", "%00", "\x00", "\n", "\r\nHost: x", "\t", " ", "/ ", "\\", "\\\\x",
    ":80", ":80/", "@127.0.0.1", "/@127.0.0.1/", ",INSIDE", " INSIDE", ";INSIDE", "/INSIDE", "\u2028", "\u200b", "\ufeff", "ａ", "é", "/%40x",
    "[::1]", "<x>", '"', "'", "`id`", "$(id)", "{0}", "{token}", "%s", "*", "|", "^",
)  # fmt: skip
HEADS = (
    "user@",
    "user:word@",
    "@",
    ":@",
    "127.0.0.1/",
    "%31",
    "/",
    "?template=INSIDE&",
    "\\",
    " ",
    "\u200b",
    "[",
    "a.b/",
)
OTHERS = (
    "json://HOST/", "jsons://HOST/", "xml://HOST/", "form://HOST/", "ntfy://HOST/t", "gotify://HOST/token", "apprise://HOST/token",
    "matrix://HOST/", "mmost://HOST/token", "rocket://u:p@HOST/#c", "http://HOST/", "https://HOST/", "file:///etc/passwd", "ftp://HOST/",
    "gopher://HOST/", "syslog://", "dbus://", "windows://", "mailto://u:p@e.org", "fcm://p/?keyfile=/etc/passwd", "vapid://a@b.org/x",
    "workflows://HOST/a/b?template=INSIDE", "webhook+slack://T/A/B", "ＳＬＡＣＫ://a/b/c", "slack:////etc/passwd", "slack:/a/b/c",
    "slacK://?template=INSIDE", "slack+https://HOST/", "javascript://x", "smtp://HOST", "ldap://HOST", "dict://HOST", "://", "x://",
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Give each address to the check, and hand it over as one that an older version has stored; a breach is an address
    that is kept with anything but its tokens, a secret that is asked, or an error that is none of ours."""
    with closing(socket.create_server(("127.0.0.1", 0))) as secret:
        asked: list[str] = []
        threading.Thread(target=_listen, args=(secret, asked), daemon=True).start()
        inside = f"127.0.0.1:{secret.getsockname()[1]}"
        post = Post("y <y@example.org>", Tokens("t" * 40), ground.data / "outbox")
        for address in _addresses(ground.is_short):
            written = address.replace("INSIDE", f"http://{inside}/x").replace("HOST", inside)
            breach = describe_kept(written) or _handed_over(written, post)
            yield Attempt(repr(address), breach or (f"the secret was asked {asked.pop()}" if asked else ""))


def _addresses(is_short: bool) -> Iterator[str]:
    options = product(PLAIN, JOINTS, NAMES, VALUES)
    for number, (plain, joint, name, value) in enumerate(options):
        if not is_short or number % 397 == 0:
            yield f"{plain}{joint}{name}={value}"
    yield from (
        plain + tail for plain in PLAIN for tail in TAILS if not (plain.startswith("line") and tail == "/x")
    )
    for plain, head in product(PLAIN, HEADS):
        scheme, _, rest = plain.partition("://")
        # A dingtalk robot's secret stands before an @.
        if not (scheme == "dingtalk" and head == "user@"):
            yield f"{scheme}://{head}{rest}"
    yield from OTHERS


def _handed_over(address: str, post: Post) -> str:
    parcel = Parcel(
        1, "digest", "apprise", address, "<d@example.org>", dt.datetime.now(dt.UTC), 1, None, None, 0
    )
    letter = Letter("subject", "text", "", "short")
    try:
        answer = asyncio.run(apprise.Apprise(post).send(parcel, letter))
    except Exception as error:  # noqa: BLE001
        return f"sending raised {type(error).__name__}"
    return "" if answer.verdict == "refused" else f"sending answered {answer.verdict}: {answer.said}"


def _listen(secret: socket.socket, asked: list[str]) -> None:
    while True:
        try:
            connection, _ = secret.accept()
        except OSError:
            return
        asked.append(connection.recv(100).decode("latin-1"))
        connection.close()
