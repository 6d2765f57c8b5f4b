"""The service's log: one event a line on stderr, as JSON or for people; other libraries' lines in the same form."""

from __future__ import annotations

import logging
import sys

import structlog

from yaodian.repeats import LimitRepeats


def begin(form: str) -> None:
    """`form` is json, text, or auto: text on a terminal, else json."""
    is_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if is_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), _without_colour, *shared],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [LimitRepeats(handler)]
    root.setLevel(logging.INFO)
    # Each tick is no event.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    # Nor is each job, whose end we tell ourselves; of a lost connection the worker says one line.
    for name in ("procrastinate", "procrastinate.worker.worker", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("procrastinate.worker").setLevel(logging.ERROR)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)


def _without_colour(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """uvicorn says its messages a second time, for terminals."""
    event.pop("color_message", None)
    return event
