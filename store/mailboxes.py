"""Which addresses lead to the same mailbox, by the rules that large providers publish.

Pure; for counting, never for sending. At all other providers, addresses that differ in a +tag or in case are
counted as one mailbox: two readers counted as one get fewer letters that nobody confirmed, while one reader
counted as many could be sent any number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TAG = "+"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a provider makes of an address. `domains` share their names, and the first stands for all of them; `ignores`
    are the signs that it does not look at, `tags` those that begin what is not part of the name, `replaces` a sign by
    the one that it stands for. `has_subdomains`: whatever@NAME.DOMAIN leads to NAME@DOMAIN. `example` holds two
    addresses of one letter box."""

    domains: tuple[str, ...]
    example: tuple[str, str]
    ignores: str = ""
    tags: str = TAG
    replaces: tuple[str, str] = ("", "")
    has_subdomains: bool = False


RULES = (
    Rule(("gmail.com", "googlemail.com"), ("a.b+news@googlemail.com", "ab@gmail.com"), ignores="."),
    # Three names of one account; dots count.
    Rule(("icloud.com", "me.com", "mac.com"), ("a.b+news@me.com", "a.b@icloud.com")),
    # Proton compares names without them, on all of its domains.
    Rule(
        ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        ("a_b.c-d+news@pm.me", "abcd@proton.me"),
        ignores="._-",
    ),
    # A hyphen and a dot are the same sign to it.
    Rule(
        ("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"),
        ("a-b+news@ya.ru", "a.b@yandex.ru"),
        replaces=("-", "."),
    ),
    *(
        # Names have no hyphen: what follows one is the keyword of a disposable address.
        Rule((domain,), (f"ab-news@{domain}", f"ab@{domain}"), tags="+-")
        for domain in (
            "yahoo.com", "ymail.com", "rocketmail.com", "myyahoo.com", "yahoo.co.jp", "yahoo.co.uk", "yahoo.co.in",
            "yahoo.fr", "yahoo.de", "yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.in", "yahoo.com.au", "yahoo.com.br",
            "yahoo.com.cn", "yahoo.com.hk", "yahoo.com.sg", "yahoo.com.tw", "yahoo.cn",
        )
    ),
    *(
        Rule((domain,), (f"news@ab.{domain}", f"ab+other@{domain}"), has_subdomains=True)
        for domain in ("fastmail.com", "fastmail.fm", "fastmail.cn", "messagingengine.com")
    ),
)  # fmt: skip
# Outlook, Hotmail and Live have the +tag alone, which is everybody's rule. QQ, Foxmail, NetEase (163, 126, yeah.net), Sina
# and Sohu publish none: dots, signs and their other domains make other letter boxes there.
_BY_DOMAIN: Mapping[str, Rule] = {domain: rule for rule in RULES for domain in rule.domains}


def find_mailbox(address: str) -> str:
    """Return what stands for the letter box of an address; a channel's URL stands for itself, in lower case.

    >>> find_mailbox("A.B+news@GoogleMail.com.")
    'ab@gmail.com'
    """
    folded = address.casefold()
    if "://" in folded:
        return folded
    local, _, domain = folded.rpartition("@")
    domain = domain.rstrip(".")
    rule = _BY_DOMAIN.get(domain)
    if rule is None:
        name, _, parent = domain.partition(".")
        above = _BY_DOMAIN.get(parent)
        if above is None or not above.has_subdomains:
            return f"{_cut(local, TAG)}@{domain}"
        local, rule = name, above
    name = _cut(local, rule.tags).replace(*rule.replaces) if rule.replaces[0] else _cut(local, rule.tags)
    kept = "".join(sign for sign in name if sign not in rule.ignores)
    return f"{kept or local}@{rule.domains[0]}"


def _cut(local: str, tags: str) -> str:
    """Return the part before the first tag, or the whole local part if that would be empty."""
    ends = [at for sign in tags if (at := local.find(sign)) > 0]
    return local[: min(ends)] if ends else local
