"""What was done and by whom, and what other processes must hear of, in the change's transaction.

Audit rows form a chain: each carries the SHA-256 of the one before, so that a row changed or taken
out behind the triggers is found. A tail that was cut off is found only with a copy of the last
digest kept elsewhere.

Call these last in a transaction: on PostgreSQL others who record wait from then until it ends.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, insert, select, update

from gridgis.parse import format_time
from gridgis.store import tables
from gridgis.store.database import Transaction
from gridgis.store.dialect import lock

Topic = Literal["lookup", "points", "incidents"]


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row of the audit; `number` counts from 1 without gaps."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    previous: str
    digest: str


def record(
    tx: Transaction,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
) -> AuditRecord:
    """Append one row to the audit; personal data goes into `detail` by reference only."""
    lock(tx, "audit")
    last = tx.execute(
        select(tables.audit.c.number, tables.audit.c.digest)
        .order_by(tables.audit.c.number.desc())
        .limit(1)
    ).first()
    entry = AuditRecord(
        number=last.number + 1 if last else 1,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        detail=json.loads(json.dumps(dict(detail))),  # as it will be read back
        previous=last.digest if last else "",
        digest="",
    )
    entry = replace(entry, digest=_digest(entry))
    tx.execute(insert(tables.audit).values(**asdict(entry)))
    return entry


def announce(tx: Transaction, *, at: datetime, topic: Topic, payload: Mapping[str, Any]) -> None:
    """Tell every process, when this transaction commits, that what `topic` names has changed."""
    tx.execute(insert(tables.outbox).values(at=at, topic=topic, payload=dict(payload)))
    # A counter in a row, not the largest outbox id: PostgreSQL sequences commit out of order, so a
    # reader that remembers the largest id would miss a smaller one that commits later.
    tx.execute(
        update(tables.revision)
        .where(tables.revision.c.topic == topic)
        .values(number=tables.revision.c.number + 1)
    )


def load_revisions(tx: Transaction) -> dict[str, int]:
    """Load how often each topic has changed; cheap enough to poll several times a second."""
    rows = tx.execute(select(tables.revision).order_by(tables.revision.c.topic))
    return {row.topic: row.number for row in rows}


def load_audit(tx: Transaction, *, limit: int) -> list[AuditRecord]:
    """Load the last `limit` rows of the audit, newest first."""
    newest = select(tables.audit).order_by(tables.audit.c.number.desc()).limit(limit)
    return [_to_record(row) for row in tx.execute(newest)]


def find_audit_break(tx: Transaction) -> int | None:
    """Find the number of the first row that does not follow from the one before, None if all do."""
    number, digest = 0, ""
    for row in tx.execute(select(tables.audit).order_by(tables.audit.c.number)):
        entry = _to_record(row)
        follows = entry.number == number + 1 and entry.previous == digest
        if not follows or entry.digest != _digest(entry):
            return entry.number
        number, digest = entry.number, entry.digest
    return None


def _digest(entry: AuditRecord) -> str:
    content = {**asdict(entry), "at": format_time(entry.at)}
    del content["digest"]
    canonical = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _to_record(row: Row[Any]) -> AuditRecord:
    return AuditRecord(**row._mapping)
