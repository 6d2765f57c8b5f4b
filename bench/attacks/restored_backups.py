"""Backups that were made or changed by somebody else, given to `restore`: each has to be refused before anything is written."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from bench.attacks import Attempt, Ground
from store import models as rows
from store.archive import Archive, digest
from store.backup import backup, finish_restore, restore
from store.database import Database
from store.errors import OperatorError
from store.flow import Capture
from store.manifest import MANIFEST

TITLE = "restored backups"
BOTH_DATABASES = True

NOW = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)
CANARY = b"a secret of the machine, not of the backup\n"

# Names of WARC files that lead, or may be taken to lead, out of the archive.
NAMES = (
    "../evil.warc.gz", "../../evil.cron", "/tmp/evil.warc.gz", "a/../../evil.warc.gz", "loose/../evil.warc.gz",
    "loose/../../evil.warc.gz", "./evil.warc.gz", "loose//evil.warc.gz", "other/evil.warc.gz", "loose/more/evil.warc.gz",
    "..\\evil.warc.gz", "C:\\evil.warc.gz", "C:evil.warc.gz", "\\\\host\\share\\evil.warc.gz", "evil.warc.gz\0.txt",
    "evil\n.warc.gz", "evil.warc.gz\n", "\x1b[31mevil.warc.gz", ".evil.warc.gz", "..warc.gz", ".warc.gz", "", ".", "..", "loose/",
    "evil.cron", "evil.warc.gz.open", "evil.warc", "EVIL.WARC.GZ", "evil.warc.gz/", "~/evil.warc.gz", "~root.warc.gz",
    "$HOME.warc.gz", "`id`.warc.gz", "-rf.warc.gz", "evil .warc.gz", "\u202eevil.warc.gz", "ｅvil.warc.gz", "%2e%2e%2fevil.warc.gz",
    "a" * 300 + ".warc.gz", "file:///etc/passwd.warc.gz", "con:.warc.gz", "loose\\evil.warc.gz", "../yaodian.db", "../secret",
)  # fmt: skip
# What a manifest may not say; each takes the place of the key of that name, or is the whole file.
VALUES: tuple[tuple[str, Any], ...] = (
    ("warc", []), ("warc", None), ("warc", "x"), ("warc", 5), ("warc", {"x.warc.gz": -1}), ("warc", {"x.warc.gz": "1"}),
    ("warc", {"x.warc.gz": 1.5}), ("warc", {"x.warc.gz": None}), ("warc", {"x.warc.gz": True}), ("warc", {"x.warc.gz": 10**30}),
    ("warc", {"x.warc.gz": [1]}), ("warc", {"gone.warc.gz": 1}), ("warc", {"gone.warc.gz": 0}), ("tables", []), ("tables", None),
    ("tables", {"documents": -1}), ("tables", {"documents": "1"}), ("tables", {"documents": 10**30}), ("tables", {"captures": 99}),
    ("tables", {"a; drop table plans": 1}), ("tables", {"": 1}), ("tables", {"x" * 99: 1}), ("tables", {"documents": {}}),
    ("made_at", None), ("made_at", 5), ("made_at", ""), ("made_at", "yesterday"), ("made_at", "2026-11-28T00:00:00"),
    ("made_at", "\x1b]0;owned\x07"), ("made_at", ["2026-11-28T00:00:00Z"]), ("more", 1), ("__class__", "x"),
)  # fmt: skip
FILES = (
    b"", b"null", b"[]", b"5", b'"x"', b"{", b"{}", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 50_000, b'{"warc": ' + b"9" * 10_000 + b"}",
    b'{"made_at": NaN}', b"\0" * 100,
)  # fmt: skip
# What a SQLite file of ours never holds.
STATEMENTS = (
    "create trigger t after insert on sources begin delete from versions; end",
    "create view v as select load_extension('/tmp/evil.so')", "create view plans_view as select * from plans",
    "drop table plans; create view plans as select 1 as id", "create table extra (a)", "create table sqlitexstat1 (a)",
    "create virtual table evil using fts5(a)", "create index evil on plans (title)", "create index evil2 on plans (upper(title))",
    "alter table plans add column evil text", "alter table plans add column evil text generated always as (upper(title)) virtual",
    "drop table tokens", "drop index ix_captures_file", "delete from alembic_version", "update alembic_version set version_num = '9999'",
    "update alembic_version set version_num = 'x'", "insert into alembic_version values ('0001')",
    "update alembic_version set version_num = '../../x'", "delete from captures", "update captures set offset = 'x'",
    "update captures set length = 1.5", "update captures set file = x'00ff'", "update captures set fetched_at = 'never'",
    "update captures set fetched_at = '2026-13-45 00:00:00'", "update captures set fetched_at = 5", "update captures set document_id = 'nobody'",
    "update captures set body_of = 12345", "update captures set status = 'x'", "pragma user_version = 1; drop table ended",
    "pragma writable_schema=on; update sqlite_master set sql = 'create table plans (x)' where name = 'plans'",
    "pragma writable_schema=on; insert into sqlite_master values ('table', 'ghost', 'ghost', 9999, 'create table ghost (a)')",
)  # fmt: skip
TOMLS = (
    b"= broken", b"\xff\xfe", b"x = " + b"[" * 20_000, b'"database_url"\n= 1', b"a" * (2 << 20),
    b'"\\u0064atabase_url" = "postgresql://elsewhere/x"', b'archive_url . x = "file:///etc"', b'[database_url]\nx = 1',
    b'secret = """\ndatabase_url = 1\n"""',
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Restore each changed copy of a sound backup, which itself can be restored."""
    place = ground.data.parent
    canary = place / "canary"
    canary.write_bytes(CANARY)
    sound = _make(ground, place / "sound")
    if problem := _restore(sound, place / "there", canary, must_refuse=False):
        yield Attempt("a sound backup", problem)
    step = 9 if ground.is_short else 1
    for name, change in [*_changes(canary)][::step]:
        changed = place / "changed"
        shutil.copytree(sound, changed)
        change(changed)
        yield Attempt(name, _restore(changed, place / "there", canary, must_refuse=True))
        shutil.rmtree(changed)


def _make(ground: Ground, target: Path) -> Path:
    """Make a backup with two captures, a source file, settings and a secret."""
    database, archive = Database(ground.database_url), Archive(ground.data / "warc")
    with database.write() as session:
        for number in range(2):
            body = b"body %d" % number
            place = archive.append(Capture(f"http://a.example.org/{number}", 200, (), body, NOW))
            session.add(
                rows.Capture(
                    url=f"http://a.example.org/{number}", fetched_at=NOW, status=200, digest=digest(body),
                    file=place.file, offset=place.offset, length=place.length,
                )
            )  # fmt: skip
    archive.close()
    (ground.data / "sources" / "one.yaml").write_text("id: one\n", encoding="utf-8")
    (ground.data / "yaodian.toml").write_text('database_url = ""\ncontact = "a"\n', encoding="utf-8")
    (ground.data / "secret").write_text("s" * 64, encoding="ascii")
    backup(database, archive, ground.data, target, NOW, _silent)
    database.close()
    return target


def _restore(source: Path, data: Path, canary: Path, *, must_refuse: bool) -> str:
    """Restore a backup; return what was wrong with the restore or the refusal, else ""."""
    outside = _outside(data.parent)
    try:
        restore(source, Database(f"sqlite:///{data / 'yaodian.db'}"), Archive(data / "warc"), data, _silent)
        finish_restore(data)
        problem = "was restored" if must_refuse else ""
    except OperatorError as error:
        problem = "" if must_refuse else f"was refused: {error}"
        if not str(error).isprintable():
            problem = "the error is more than one line of text"
        if data.exists():
            problem = f"was refused, but left {[path.name for path in data.iterdir()]}"
    except Exception as error:  # noqa: BLE001 (a crash is what an attack may want)
        problem = f"crashed: {type(error).__name__}: {error}"
    leaked = [path for path in data.rglob("*") if path.is_file() and CANARY in path.read_bytes()]
    shutil.rmtree(data, ignore_errors=True)
    if leaked:
        return f"another file's content is in {leaked[0].name}"
    if canary.read_bytes() != CANARY or _outside(data.parent) != outside:
        return "a file outside of the data directory was written"
    return problem


def _outside(place: Path) -> set[Path]:
    return {*place.iterdir(), *(place / "sound").rglob("*")}


def _changes(canary: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    for name in NAMES:
        yield f"WARC name {name[:40]!r}", partial(_name_warc, name=name)
    for key, value in VALUES:
        yield (
            f"{MANIFEST}: {key} {str(value)[:40]}",
            partial(_say, key=key, value=value),
        )
    for content in FILES:
        yield (
            f"{MANIFEST}: {content[:20]!r}",
            partial(_put_in, place=MANIFEST, content=content),
        )
    for statement in STATEMENTS:
        yield f"SQL: {statement[:60]}", partial(_execute, script=statement)
    for content in TOMLS:
        yield (
            f"settings {content[:30]!r}",
            partial(_put_in, place="yaodian.toml", content=content),
        )
    yield from _links(canary)
    yield from _other_files()


def _links(canary: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Yield changes that put a link or other special file in place of each file or folder, or beside it."""
    makers: dict[str, Callable[[Path], None]] = {
        "a link": lambda path: path.symlink_to(canary),
        "a link to nothing": lambda path: path.symlink_to(canary.with_name("nothing")),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a hard link": lambda path: os.link(canary, path),
        "a FIFO": lambda path: os.mkfifo(path),
        "a socket": _bind,
        "a folder": lambda path: path.mkdir(),
    }
    for place in (MANIFEST, "yaodian.db", "secret", "yaodian.toml", "sources/one.yaml", "WARC"):
        for kind, make in makers.items():
            yield f"{kind} for {place}", partial(_replace, place=place, make=make)
    for place in ("warc", "sources"):
        yield f"a link for {place}/", partial(_move, place=place)
    yield "a link in warc/", lambda folder: (folder / "warc" / "more.warc.gz").symlink_to(canary)
    yield "a link in sources/", lambda folder: (folder / "sources" / "two.yaml").symlink_to(canary)
    yield "warc/loose leads elsewhere", lambda folder: (folder / "warc" / "loose").symlink_to("..")


def _other_files() -> Iterator[tuple[str, Callable[[Path], None]]]:
    for name in (
        "Two.yaml",
        "-x.yaml",
        "a b.yaml",
        "a\nb.yaml",
        "..yaml",
        ".yaml",
        "x" * 80 + ".yaml",
        "二.yaml",
        "a_b.yaml",
        "a--b.yaml",
    ):
        yield f"source file {name!r}", partial(_put_in, place=f"sources/{name}", content=b"id: x\n")
    yield "a source file of 300 KB", lambda folder: _put(folder / "sources" / "big.yaml", b"#" * 300_000)
    yield "a secret of 1 MB", lambda folder: _put(folder / "secret", b"s" * (1 << 20))
    yield "a short secret", lambda folder: _put(folder / "secret", b"s")
    yield "a secret that is no text", lambda folder: _put(folder / "secret", b"\xff" * 64)
    yield "no rows", lambda folder: (folder / "yaodian.db").unlink()
    yield "empty rows", lambda folder: _put(folder / "yaodian.db", b"")
    yield "rows that are no SQLite", lambda folder: _put(folder / "yaodian.db", b"x" * 8192)
    yield "rows that are cut", lambda folder: _cut(folder / "yaodian.db", 8)
    yield "a page of the rows overwritten", _overwrite
    yield "a WARC file that is cut", lambda folder: _cut(next((folder / "warc").glob("*.warc.gz")), 2)
    yield "no WARC file", lambda folder: next((folder / "warc").glob("*.warc.gz")).unlink()


def _name_warc(folder: Path, name: str) -> None:
    """Add a file to the manifest, and create it where the name allows that."""
    said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    said["warc"][name] = 4
    _put(folder / MANIFEST, json.dumps(said).encode())
    if "\0" not in name and len(name) < 200 and name.strip("./") and not name.startswith(("/", "../../")):
        (folder / "warc" / name).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / "warc" / name).exists() and not name.endswith("/"):
            _put(folder / "warc" / name, b"evil")


def _say(folder: Path, key: str, value: object) -> None:
    said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    _put(folder / MANIFEST, json.dumps(said | {key: value}).encode())
    if key == "warc" and isinstance(value, dict) and "x.warc.gz" in value:
        _put(folder / "warc" / "x.warc.gz", b"x" * 10)


def _execute(folder: Path, script: str) -> None:
    with closing(sqlite3.connect(folder / "yaodian.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.executescript(script)


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _put_in(folder: Path, place: str, content: bytes) -> None:
    _put(folder / place, content)


def _replace(folder: Path, place: str, make: Callable[[Path], None]) -> None:
    path = next((folder / "warc").glob("*.warc.gz")) if place == "WARC" else folder / place
    path.unlink()
    make(path)


def _move(folder: Path, place: str) -> None:
    (folder / place).rename(folder / f"{place}-elsewhere")
    (folder / place).symlink_to(f"{place}-elsewhere")


def _bind(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have no more than 108 bytes
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)
    os.chdir(here)


def _cut(path: Path, part: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // part])


def _overwrite(folder: Path) -> None:
    content = bytearray((folder / "yaodian.db").read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    (folder / "yaodian.db").write_bytes(content)


def _silent(what: str, done: int, total: int) -> None:
    """Ignore the progress."""
