"""Refuse by trigger whatever would change what was published or recorded."""

# ruff: noqa: S608  # the names put into SQL here are the constants below

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Each guarded table, with what makes a new row the double of one that is there. SQLite's INSERT OR
# REPLACE deletes such a row without firing delete triggers, unless a connection asks for them.
_GUARDED = {
    "edition": "id = NEW.id OR (layer = NEW.layer AND number = NEW.number)"
    " OR (layer = NEW.layer AND valid_from = NEW.valid_from)",
    "grid": "id = NEW.id OR (edition_id = NEW.edition_id AND code = NEW.code)",
    "responsibility": "id = NEW.id",
    "audit": "number = NEW.number",
}
_FACTS = [
    "id",
    "layer",
    "grid",
    "role",
    "member",
    "phone",
    "valid_from",
    "valid_to",
    "recorded_from",
]

_CLOSED_ONCE = "responsibility rows are closed once and never changed"
_IS_SEALED = "EXISTS (SELECT 1 FROM edition WHERE id = NEW.edition_id)"
_SEALED = "the edition of this grid is published"
_NEXT_NUMBER = "(SELECT coalesce(max(number), 0) + 1 FROM audit)"
_LAST_DIGEST = "coalesce((SELECT digest FROM audit ORDER BY number DESC LIMIT 1), '')"
_MUST_FOLLOW = "an audit row must follow the last one"


def upgrade() -> None:
    """Create the triggers."""
    if _is_postgresql():
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Drop the triggers."""
    if _is_postgresql():
        for function in ("refuse_change", "close_once", "seal_edition", "append_audit"):
            op.execute(f"DROP FUNCTION gridgis_{function}() CASCADE")
        return
    for table in _GUARDED:
        for trigger in (f"{table}_keep", f"{table}_no_replace", f"{table}_fixed"):
            op.execute(f"DROP TRIGGER {trigger}")
    op.execute("DROP TRIGGER grid_sealed")
    op.execute("DROP TRIGGER audit_append")


def _guard_sqlite() -> None:
    for table, is_double in _GUARDED.items():
        changed = f"{table} rows are never changed"
        _refuse_on_sqlite(f"{table}_keep", f"DELETE ON {table}", "TRUE", changed)
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {is_double})"
        _refuse_on_sqlite(f"{table}_no_replace", f"INSERT ON {table}", there, changed)
        if table != "responsibility":
            _refuse_on_sqlite(f"{table}_fixed", f"UPDATE ON {table}", "TRUE", changed)
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _FACTS)
    closes = f"OLD.recorded_to IS NULL AND NEW.recorded_to IS NOT NULL AND {same}"
    _refuse_on_sqlite(
        "responsibility_fixed", "UPDATE ON responsibility", f"NOT ({closes})", _CLOSED_ONCE
    )
    _refuse_on_sqlite("grid_sealed", "INSERT ON grid", _IS_SEALED, _SEALED)
    out_of_turn = f"NEW.number IS NOT {_NEXT_NUMBER} OR NEW.previous IS NOT {_LAST_DIGEST}"
    _refuse_on_sqlite("audit_append", "INSERT ON audit", out_of_turn, _MUST_FOLLOW)


def _refuse_on_sqlite(trigger: str, operation: str, condition: str, message: str) -> None:
    op.execute(
        f"CREATE TRIGGER {trigger} BEFORE {operation} WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _guard_postgresql() -> None:
    _create_function("refuse_change", "RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME;")
    for table in _GUARDED:
        operation = "DELETE" if table == "responsibility" else "UPDATE OR DELETE"
        _create_trigger(f"{table}_keep", f"{operation} ON {table} FOR EACH ROW", "refuse_change")
        _create_trigger(
            f"{table}_no_truncate", f"TRUNCATE ON {table} FOR EACH STATEMENT", "refuse_change"
        )
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _FACTS)
    closes = f"OLD.recorded_to IS NULL AND NEW.recorded_to IS NOT NULL AND {same}"
    out_of_turn = (
        f"NEW.number IS DISTINCT FROM {_NEXT_NUMBER}"
        f" OR NEW.previous IS DISTINCT FROM {_LAST_DIGEST}"
    )
    for function, operation, condition, message in (
        ("close_once", "UPDATE ON responsibility", f"NOT ({closes})", _CLOSED_ONCE),
        ("seal_edition", "INSERT ON grid", _IS_SEALED, _SEALED),
        ("append_audit", "INSERT ON audit", out_of_turn, _MUST_FOLLOW),
    ):
        _create_function(
            function,
            f"IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; RETURN NEW;",
        )
        _create_trigger(function, f"{operation} FOR EACH ROW", function)


def _create_function(name: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION gridgis_{name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $$ BEGIN {body} END $$"
    )


def _create_trigger(name: str, operation: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER gridgis_{name} BEFORE {operation} EXECUTE FUNCTION gridgis_{function}()"
    )


def _is_postgresql() -> bool:
    return bool(op.get_context().dialect.name == "postgresql")
