"""The queue's rows as they are: what waits, what is being done, who lives. They are procrastinate's, in a schema of
their own beside ours; nothing in them is worth keeping, since what is due is told by our own rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

SCHEMA = "procrastinate"
CRAWL, REPROCESS = "crawl", "reprocess"
# A worker says every HEARTBEAT_S that it lives; one that was silent for so long is taken for dead.
HEARTBEAT_S = 5
STALLED_S = 20

_DEAD = f"(w.id is null or w.last_heartbeat < now() - interval '{STALLED_S} seconds')"
_THERE = text(f"select to_regclass('{SCHEMA}.procrastinate_jobs') is not null")
_JOBS = text(f"""
    select j.args ->> 'kind' as kind,
           count(*) filter (where j.status = 'todo') as waiting,
           count(*) filter (where j.status = 'doing' and not {_DEAD}) as doing,
           count(*) filter (where j.status = 'doing' and {_DEAD}) as stalled
    from {SCHEMA}.procrastinate_jobs j left join {SCHEMA}.procrastinate_workers w on w.id = j.worker_id
    where j.status in ('todo', 'doing') group by 1 order by 1
""")  # noqa: S608
# procrastinate's own rows have no names; a worker's connections do.
WORKER = "yaodian worker"
_WORKERS = text(f"""
    select distinct substr(application_name, {len(WORKER) + 2}) from pg_stat_activity
    where datname = current_database() and application_name like '{WORKER} %' order by 1
""")  # noqa: S608
_LIVE = text(f"""
    select args ->> 'kind', status = 'todo', args -> 'hosts', args -> 'sources' from {SCHEMA}.procrastinate_jobs
    where status in ('todo', 'doing')
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Line:
    """Of one kind of work: jobs that wait, that live workers are at, and whose worker died."""

    kind: str
    waiting: int
    doing: int
    stalled: int


@dataclass(frozen=True, slots=True)
class Standing:
    """`workers` are the machines, with process ids, that workers are connected from."""

    lines: tuple[Line, ...]
    workers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Live:
    """What is handed out and not done: `kinds` of work, `hosts` of crawls, how many crawls nobody began yet, and
    `reread`, the sources that are read anew."""

    kinds: frozenset[str]
    hosts: frozenset[str]
    waiting: int
    reread: frozenset[str]


def standing(session: Session) -> Standing | None:
    """None where there never was a queue."""
    if session.connection().dialect.name != "postgresql" or not session.scalar(_THERE):
        return None
    lines = tuple(Line(*row) for row in session.execute(_JOBS))
    return Standing(lines, tuple(session.scalars(_WORKERS)))


def live(session: Session) -> Live:
    found = session.execute(_LIVE).all()
    hosts = frozenset(host for _, _, some, _ in found for host in some)
    waiting = sum(1 for kind, is_waiting, _, _ in found if kind == CRAWL and is_waiting)
    reread = frozenset(source for kind, _, _, some in found for source in some if kind == REPROCESS)
    return Live(frozenset(kind for kind, *_ in found), hosts, waiting, reread)
