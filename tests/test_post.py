"""The settings of mail: each mistake is named, and no secret is ever said."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from notify.smtp import Relay
from notify.tokens import FILE, load_secret
from store.errors import OperatorError
from yaodian import settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("smtp://mail.example.org", "smtp://mail.example.org:25"),
        ("smtp+starttls://user:p%40ss@mail.example.org", "smtp+starttls://mail.example.org:587"),
        ("smtps://user:p%2Fss@mail.example.org:466", "smtps://mail.example.org:466"),
        ("smtp://user:pass@127.0.0.1:2525", "smtp://127.0.0.1:2525"),
    ],
)
def test_a_mail_server_is_shown_without_its_password(url: str, shown: str) -> None:
    relay = Relay.parse(url)
    assert str(relay) == shown
    assert "ss" not in repr(relay).replace("password", "")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SMTP_URL", "mail.example.org", "write smtp://HOST"),
        ("SMTP_URL", "http://user:secret@mail.example.org", "write smtp://HOST"),
        ("SMTP_URL", "smtp://user:secret@mail.example.org", "a password is not sent without encryption"),
        ("SMTP_URL", "smtps://user:se/cret@mail.example.org", "its port is no number"),
        ("SMTP_URL", "smtps://user:secret@mail.example.org/inbox", "something follows the host"),
        ("MAIL_FROM", "Yaodian", "write a name and an address"),
        ("MAIL_BOUNCES", "nowhere", "is no mail address"),
        ("MAIL_RATE", "-1", "greater than or equal to 0"),
        ("BASE_URL", "yaodian.example.org", "is no web address"),
        ("BASE_URL", "https://要点.example.org", "write the domain as DNS knows it"),
        ("SECRET", "short secret", "has fewer than 32 characters"),
    ],
)
def test_a_wrong_setting_is_named_without_its_secret(
    name: str, value: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"YAODIAN_{name}", value)
    with pytest.raises(OperatorError) as error:
        settings.load(tmp_path)
    assert f"YAODIAN_{name}" in str(error.value)
    assert told in str(error.value)
    assert "secret" not in str(error.value).replace("setting secret", "")
    assert "cret@" not in str(error.value)


def test_the_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: load_secret(tmp_path), range(8)))
    assert len(made) == 1
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).write_text("", encoding="ascii")
    with pytest.raises(OperatorError, match="holds no secret"):
        load_secret(tmp_path)
