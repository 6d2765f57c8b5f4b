"""Work as jobs of procrastinate, on the PostgreSQL that has the rows.

A job is put down in the transaction that decides on it, and carries all that it takes: the command, its limits, and
the sources with their rules, since their files need not be where a worker runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from crawler.sources.schema import Source
from scheduler.chores import MEMORY
from scheduler.work import Limits, Work
from store.agenda import AGENDA
from store.database import Database, masked
from store.errors import OperatorError
from store.locks import alone
from store.queue import REPROCESS as REPROCESS_KIND
from store.queue import SCHEMA, WORKER, live

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job

TASK = "yaodian.work"
CRAWLS, CHORES = "crawls", "chores"
# Within a queue the higher comes first: what readers wait for before what fills the archive.
FRESH, BACKFILL, REPROCESS = 20, 10, 0
REPROCESS_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What all processes of one Yaodian must share: where the archive is, and the secret (a hash of it) that signs."""

    archive: str
    secret: str

    @classmethod
    def of(cls, archive: str, secret: str) -> Ground:
        return cls(archive, hashlib.sha256(secret.encode()).hexdigest()[:16])


def check(database: Database) -> None:
    """Raise OperatorError where there can be no queue."""
    if database.engine.dialect.name != "postgresql":
        raise OperatorError(
            f"{masked(database.url)}: a queue needs PostgreSQL; set YAODIAN_DATABASE_URL, or run yaodian serve alone"
        )
    try:
        import procrastinate  # noqa: F401
    except ImportError as error:
        raise OperatorError(
            "the queue needs procrastinate; install it: pip install 'yaodian[cluster]'"
        ) from error


def prepare(database: Database, ground: Ground | None = None) -> Ground | None:
    """Make the queue's tables, or make them anew for another version of procrastinate: what was in them is due still.

    Who hands out says its `ground`; returns what was said last.
    """
    from procrastinate.schema import SchemaManager

    with database.write() as session:
        alone(session, "queue")
        told = session.scalar(
            text("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = :name"),
            {"name": SCHEMA},
        )
        said: dict[str, Any] = json.loads(told) if told else {}
        if said.get("version") != version("procrastinate"):
            session.execute(text(f"drop schema if exists {SCHEMA} cascade"))
            session.execute(text(f"create schema {SCHEMA}"))
            into(session)
            # Many statements at once are more than SQLAlchemy would send.
            _driver(session).execute(SchemaManager.get_schema())
        if ground is not None:
            said["ground"] = asdict(ground)
        said["version"] = version("procrastinate")
        comment = json.dumps(said).replace("'", "''")
        _driver(session).execute(f"comment on schema {SCHEMA} is '{comment}'")
    return Ground(**said["ground"]) if "ground" in said else None


def into(session: Session) -> None:
    """Until this transaction ends procrastinate's names are found."""
    session.execute(
        text(f"select set_config('search_path', '{SCHEMA}, ' || current_setting('search_path'), true)")
    )


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection


def deferring() -> App:
    """procrastinate's, for `defer` alone: it connects to nothing."""
    from procrastinate import App, SyncPsycopgConnector

    return App(connector=SyncPsycopgConnector())


def app(database: Database) -> App:
    """procrastinate's, with a pool of its own."""
    from procrastinate import App, PsycopgConnector

    async def configure(connection: Any) -> None:
        await connection.execute(f"set search_path = {SCHEMA}")
        await connection.commit()

    url = make_url(database.url).set(drivername="postgresql")
    conninfo = url.render_as_string(hide_password=False)
    return App(
        connector=PsycopgConnector(
            conninfo=conninfo,
            kwargs={"application_name": f"{WORKER} {socket.gethostname()} {os.getpid()}"},
            configure=configure,
            min_size=2,
            max_size=6,
            timeout=5,
            reconnect_timeout=5,
        )
    )


def defer(
    session: Session,
    app: App,
    work: Work,
    queue: str,
    priority: int = FRESH,
    hosts: tuple[str, ...] = (),
) -> None:
    """Hand out, in the session's transaction; call `into` before."""
    args: dict[str, Any] = {
        "kind": work.kind,
        "words": list(work.words),
        "wall_s": work.limits.wall_s,
        "memory": work.limits.memory,
        "sources": list(work.sources),
        "given": work.given,
        "hosts": list(hosts),
    }
    app.configure_task(TASK, queue=queue, priority=priority, connection=_driver(session)).defer(**args)


def hand_out_reprocessing(database: Database, sources: Iterable[Source]) -> int:
    """A job for each source that has none yet; returns how many. Raises OperatorError where there is no queue."""
    check(database)
    prepare(database)
    handed = 0
    with database.write() as session:
        alone(session, AGENDA)
        already = live(session).reread
        into(session)
        for source in sources:
            if source.id not in already:
                work = Work(
                    REPROCESS_KIND,
                    ("reprocess", "--given"),
                    Limits(REPROCESS_S, MEMORY),
                    (source.id,),
                    given([source]),
                )
                defer(session, deferring(), work, CRAWLS, REPROCESS)
                handed += 1
    return handed


def given(sources: Iterable[Source]) -> str:
    """Sources as `--given` reads them."""
    return json.dumps([one.model_dump(mode="json", exclude_none=True) for one in sources], ensure_ascii=False)


def work_of(job: Job) -> Work:
    args: dict[str, Any] = job.task_kwargs
    return Work(
        args["kind"],
        tuple(args["words"]),
        Limits(args["wall_s"], args["memory"]),
        tuple(args["sources"]),
        args["given"],
    )
