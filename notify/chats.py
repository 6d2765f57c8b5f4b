"""Addresses of chat services: which tokens each scheme has, and where its service lives.

An address is parsed into these tokens and rebuilt from them, so nothing else that somebody wrote into it (options,
templates, certificates, further segments) reaches the library that sends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from store.errors import WrongUse

LONGEST = 512
_KEY = "[A-Za-z0-9_-]{1,128}"
_WORD = "[A-Za-z0-9]{1,128}"


@dataclass(frozen=True, slots=True)
class Service:
    """One chat service at public hosts. Each form is a template whose fields are the tokens, as the library's plugin
    names them; `tokens` has the pattern of each."""

    forms: tuple[str, ...]
    tokens: Mapping[str, str]
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chat:
    """A parsed address: the scheme, its tokens, and the address rebuilt from these alone."""

    scheme: str
    tokens: Mapping[str, str]
    address: str


SERVICES: Mapping[str, Service] = {
    "dingtalk": Service(
        ("{token}", "{secret}@{token}"),
        {"token": _WORD, "secret": _WORD},
        frozenset({"oapi.dingtalk.com"}),
    ),
    "discord": Service(
        ("{webhook_id}/{webhook_token}",),
        {"webhook_id": "[0-9]{1,32}", "webhook_token": _KEY},
        frozenset({"discord.com"}),
    ),
    "feishu": Service(("{token}",), {"token": _KEY}, frozenset({"open.feishu.cn"})),
    "lark": Service(("{token}",), {"token": "[A-Za-z0-9-]{1,128}"}, frozenset({"open.larksuite.com"})),
    "line": Service(
        ("{token}/{targets}",),
        # A long-lived token is base64: slashes belong to it where it ends in an equals sign.
        {
            "token": "(?:[A-Za-z0-9+_-]{1,300}|[A-Za-z0-9+][A-Za-z0-9+/]{0,300}={1,2})",
            "targets": "[A-Za-z0-9]{1,64}",
        },
        frozenset({"api.line.me"}),
    ),
    "slack": Service(
        ("{token_a}/{token_b}/{token_c}", "{access_token}/{targets}"),
        {
            "token_a": _WORD,
            "token_b": _WORD,
            "token_c": _WORD,
            "access_token": r"(?:xoxe\.)?xox[abp]-[A-Za-z0-9-]{1,200}",
            "targets": "[A-Za-z0-9_-]{1,32}",
        },
        frozenset({"hooks.slack.com", "slack.com"}),
    ),
    # The slash at the end is how its addresses have always been kept.
    "tgram": Service(
        ("{bot_token}/{targets}/",),
        {
            "bot_token": "[0-9]{1,20}:[A-Za-z0-9_-]{1,128}",
            "targets": "(?:-?[0-9]{1,32}|@?[A-Za-z][A-Za-z0-9_]{1,63})",
        },
        frozenset({"api.telegram.org"}),
    ),
    "wecombot": Service(("{key}",), {"key": _KEY}, frozenset({"qyapi.weixin.qq.com"})),
}
# As people call them.
ALIASES = {"wecom": "wecombot", "weixin": "wecombot", "telegram": "tgram", "dingding": "dingtalk"}


def scheme_of(address: str) -> str:
    """Return the scheme of an address by its canonical name, known or not."""
    scheme = address.partition("://")[0]
    scheme = scheme.lower() if scheme.isascii() else scheme
    return ALIASES.get(scheme, scheme)


def parse(address: str) -> Chat:
    """Parse an address of one of SERVICES into its tokens. Raises WrongUse for anything that is no token."""
    scheme = scheme_of(address)
    if scheme not in SERVICES:
        raise WrongUse(
            f"invalid chat address: got {scheme[:40]!r}; expected {', '.join(f'{name}://' for name in SERVICES)}"
        )
    service, rest = SERVICES[scheme], address.partition("://")[2]
    if len(rest) <= LONGEST:
        for form in service.forms:
            if found := re.fullmatch(_pattern(form, service.tokens), rest):
                tokens = found.groupdict()
                return Chat(scheme, tokens, f"{scheme}://{form.format(**tokens)}")
    raise WrongUse(f"invalid chat address {scheme}://…: {_fault(rest)}; expected {expected_forms(scheme)}")


def expected_forms(scheme: str) -> str:
    """Say how the addresses of a scheme are written: dingtalk://TOKEN or dingtalk://SECRET@TOKEN."""
    forms = (re.sub(r"\{(\w+)\}", lambda field: field[1].upper(), form) for form in SERVICES[scheme].forms)
    return " or ".join(f"{scheme}://{form.rstrip('/')}" for form in forms)


def _pattern(form: str, tokens: Mapping[str, str]) -> str:
    body = re.sub(r"\{(\w+)\}", lambda field: f"(?P<{field[1]}>{tokens[field[1]]})", form.rstrip("/"))
    return f"{body}/?"


def _fault(rest: str) -> str:
    if "?" in rest or "&" in rest:
        return "got options (after '?'), which are not taken"
    if "#" in rest:
        return "got a fragment (after '#'), which is not taken"
    if len(rest) > LONGEST:
        return f"got {len(rest)} characters, more than {LONGEST}"
    return "got something else than its tokens"
