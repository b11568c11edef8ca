"""The statements that a request runs, of reads and of changes, in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from storage.engine import Database
from tests.factories.clients import watched_reads


@contextmanager
def watched(database: Database) -> Iterator[list[str]]:
    """Collect the statements of both pools: reads first, then changes."""
    changes: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        changes.append(statement)

    seen: list[str] = []
    engine = database.writes.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with watched_reads(database) as reads:
            yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
        seen += [*reads, *changes]
