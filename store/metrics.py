"""What can be watched by Prometheus: what this process does, counted as it happens, and what the rows say when asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from store import models as rows
from store import queue
from store.database import Database

TICKS = Counter(
    "yaodian_ticks",
    "How often the service looked for what is due.",
)
RUNNING = Gauge(
    "yaodian_work_running",
    "Child processes of the service.",
    ["kind"],
)
WORK = Counter(
    "yaodian_work",
    "Work that ended: done, degraded, failed or stopped.",
    ["kind", "outcome"],
)
WORK_SECONDS = Histogram(
    "yaodian_work_seconds",
    "How long it took.",
    ["kind"],
    buckets=(1, 3, 10, 30, 100, 300, 1000, 3600),
)


OUTCOMES = ("done", "degraded", "failed", "stopped")


def expect(kinds: Iterable[str]) -> None:
    """Kinds of work that there will be: a counter that is not there before its first event hides that from a rule."""
    for kind in kinds:
        for outcome in OUTCOMES:
            WORK.labels(kind, outcome)


def text(database: Database, now: dt.datetime) -> bytes:
    """Everything in Prometheus' text format."""
    of_rows = CollectorRegistry()
    of_rows.register(_Rows(database, now))
    return generate_latest(REGISTRY) + generate_latest(of_rows)


class _Rows(Collector):
    def __init__(self, database: Database, now: dt.datetime) -> None:
        self.database = database
        self.now = now

    def collect(self) -> Iterator[Metric]:
        source, document = rows.Source, rows.Document
        late = self.now - dt.timedelta(hours=1)
        with self.database.read() as session:
            yield _plain(
                "yaodian_sources", "Sources that are looked after.", session.scalar(_count(rows.Duty))
            )
            yield _plain(
                "yaodian_sources_overdue",
                "Sources whose listings should have been looked at an hour ago.",
                session.scalar(
                    select(func.count())
                    .select_from(source)
                    .join(rows.Duty, rows.Duty.source_id == source.id)
                    .where(source.next_due_at < late)
                ),
            )
            yield _plain(
                "yaodian_sources_crashing",
                "Sources whose last crawl never came to its end.",
                session.scalar(_count(rows.Duty).where(rows.Duty.crashes > 0)),
            )
            last = session.scalar(select(func.max(rows.Run.finished_at)))
            yield _plain(
                "yaodian_last_crawl_timestamp_seconds",
                "When a crawl ended last.",
                last.timestamp() if last else 0,
            )
            yield from _queue(queue.standing(session))
            done = GaugeMetricFamily(
                "yaodian_chore_done_timestamp_seconds", "When a regular job was done last.", labels=["kind"]
            )
            for name, at in session.execute(select(rows.Chore.name, rows.Chore.done_at)):
                done.add_metric([name], at.timestamp() if at else 0)
            yield done
            for name, says, column in (
                ("yaodian_documents", "Documents by state.", document.state),
                ("yaodian_changes", "Changes by type.", rows.Change.type),
                ("yaodian_deliveries", "Deliveries by state.", rows.Delivery.state),
                ("yaodian_runs", "Crawls by outcome; without one they run.", rows.Run.outcome),
                ("yaodian_health_events", "Health events by sign.", rows.HealthEvent.sign),
            ):
                label = "outcome" if column is rows.Run.outcome else "kind"
                family = GaugeMetricFamily(name, says, labels=[label])
                for value, count in session.execute(select(column, func.count()).group_by(column)):
                    family.add_metric([value or "running"], count)
                yield family
            yield _faults(session)


def _faults(session: Session) -> Metric:
    """Build the gauge of deliveries whose last attempt raised an exception.

    It is read from the rows and is no counter of this process, since short-lived child processes make the
    deliveries.
    """
    delivery = rows.Delivery
    family = GaugeMetricFamily(
        "yaodian_delivery_faults",
        "Deliveries not made whose last attempt raised an exception.",
        labels=["channel", "error"],
    )
    query = select(delivery.channel, delivery.fault, func.count()).where(delivery.fault.is_not(None))
    for channel, error, count in session.execute(query.group_by(delivery.channel, delivery.fault)):
        family.add_metric([channel, error or ""], count)
    return family


def _queue(standing: queue.Standing | None) -> Iterator[Metric]:
    """Nothing where there never was a queue."""
    if standing is None:
        return
    family = GaugeMetricFamily("yaodian_queue_jobs", "Work that is handed out.", labels=["kind", "state"])
    for line in standing.lines:
        for state in ("waiting", "doing", "stalled"):
            family.add_metric([line.kind, state], getattr(line, state))
    yield family
    yield _plain("yaodian_queue_workers", "Workers that are connected.", len(standing.workers))


def _count(table: type[rows.Base]) -> Select[int]:
    return select(func.count()).select_from(table)


def _plain(name: str, says: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, says, value=value or 0)
