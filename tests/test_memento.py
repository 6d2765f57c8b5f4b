"""A Memento client (RFC 7089) finds what an address said at a time, and what it gets can do nothing."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from store import models as rows
from store.database import Database

pytestmark = pytest.mark.one_database


@pytest.fixture
def url(archive: Database) -> str:
    """An address that has several captures."""
    with archive.read() as session:
        query = (
            select(rows.Document.url)
            .join(rows.Capture, rows.Capture.document_id == rows.Document.id)
            .where(rows.Capture.status == 200, rows.Capture.url == rows.Document.url)
            .group_by(rows.Document.url)
            .order_by(func.count().desc(), rows.Document.url)
        )
        return session.scalars(query).first() or ""


def test_a_client_goes_from_the_timegate_to_the_memento(reader: TestClient, url: str) -> None:
    gate = reader.get(f"/timegate/{url}", follow_redirects=False)
    assert (gate.status_code, gate.headers["Vary"]) == (302, "accept-datetime")
    assert f'<{url}>; rel="original"' in gate.headers["Link"]
    long_ago = {"Accept-Datetime": "Thu, 01 Jan 2004 00:00:00 GMT"}
    first = reader.get(f"/timegate/{url}", headers=long_ago, follow_redirects=False).headers["Location"]
    answer = reader.get(first)
    assert answer.status_code == 200
    stamp = re.search(r"/memento/(\d{14})/", first)
    assert stamp
    assert f"{parsedate_to_datetime(answer.headers['Memento-Datetime']):%Y%m%d%H%M%S}" == stamp[1]
    assert 'rel="timegate"' in answer.headers["Link"]
    assert 'rel="first' in answer.headers["Link"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    listed = reader.get(f"/timemap/link/{url}")
    assert listed.headers["Content-Type"].startswith("application/link-format")
    mementos = re.findall(r'<([^>]*)>; rel="[^"]*memento"; datetime="([^"]*)"', listed.text)
    assert mementos[0][0] == first
    moments = [parsedate_to_datetime(moment) for _, moment in mementos]
    assert moments == sorted(moments)
    for address, moment in mementos:
        wanted = {"Accept-Datetime": moment}
        assert (
            reader.get(f"/timegate/{url}", headers=wanted, follow_redirects=False).headers["Location"]
            == address
        )
    other = format_datetime(moments[0] - dt.timedelta(days=400), usegmt=True)
    asked = f"{parsedate_to_datetime(other):%Y%m%d%H%M%S}"
    near = reader.get(f"/memento/{asked}/{url}", follow_redirects=False)
    assert (near.status_code, near.headers["Location"]) == (302, first)


def test_what_is_no_address_or_time_is_told(reader: TestClient, url: str) -> None:
    for path, status in (
        ("/timegate/https://nowhere.example/x", 404),
        ("/timegate/javascript:alert(1)", 400),
        ("/timegate/file:///etc/passwd", 400),
        ("/timegate/https://x.example/%0d%0aSet-Cookie:%20a=b", 404),
        ("/timegate/" + "https://x.example/" + "a" * 5000, 400),
        (f"/memento/2026/{url}", 400),
        (f"/memento/99999999999999/{url}", 400),
        ("/timemap/link/", 400),
    ):
        answer = reader.get(path, follow_redirects=False)
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "Set-Cookie" not in answer.headers
    bad = {"Accept-Datetime": "tomorrow"}
    assert reader.get(f"/timegate/{url}", headers=bad).status_code == 400
    collapsed = url.replace("://", ":/")
    assert reader.get(f"/timegate/{collapsed}", follow_redirects=False).status_code == 302


def test_a_file_is_handed_over_and_not_shown(reader: TestClient, archive: Database) -> None:
    with archive.read() as session:
        query = select(rows.Attachment.url).where(rows.Attachment.capture_id.is_not(None))
        file = session.scalars(query.order_by(rows.Attachment.url)).first()
    answer = reader.get(f"/timegate/{file}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Content-Type"] == "application/octet-stream"
