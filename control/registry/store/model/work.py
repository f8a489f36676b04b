"""Long work, and requests that may come twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Base, Document, Id, Versioned


class Job(Versioned, Base):
    """Work that goes on after the answer.

    Attributes:
        state: "queued", "running", "done", "refused" or "failed".
        total, finished: rows, for the progress.
        body: what was sent, and for an export what came of it; megabytes, so read only when asked for.
        seen_at: the worker's last sign of life.
    """

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str] = mapped_column(String(200), index=True)
    request: Mapped[dict[str, Any]] = mapped_column(Document)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    total: Mapped[int] = mapped_column(default=0)
    finished: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(Document)
    started_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class JobRow(Base):
    """One fault that a job found: in which row and column of what was sent, and what to do."""

    __tablename__ = "job_row"

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("job.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    row: Mapped[int]
    column: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(Text)
    mend: Mapped[str] = mapped_column(Text)


class IdempotencyKey(Base):
    """The answer to a request, kept for the same request to come again.

    Attributes:
        request_sha256: of method, path and body: another request under the same key is refused.
        status: of the answer; none while the first request is in flight.
    """

    __tablename__ = "idempotency_key"

    holder: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(Document)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
