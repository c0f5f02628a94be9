"""The audit as an app: after each migration the application's database role is given what it needs, and no more."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections, transaction
from django.db.models.signals import post_migrate

APPEND_ONLY = ("audit_record", "audit_seal")


class AuditConfig(AppConfig):
    name = "suite.audit"

    def ready(self) -> None:
        post_migrate.connect(grant_to_application, sender=self, dispatch_uid="suite.audit.grant")


def grant_to_application(*, using: str, **_signal: Any) -> None:
    """Reading and writing everywhere, but neither change nor deletion of what is append-only.

    Where the role does not exist (a database of one role), the triggers alone refuse.
    """
    connection = connections[using]
    quote = connection.ops.quote_name
    role = quote(settings.DATABASE_APPLICATION_ROLE)
    tables = ", ".join(quote(table) for table in APPEND_ONLY)
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [settings.DATABASE_APPLICATION_ROLE]
        )
        known = cursor.fetchone() is not None
        if not known or not set(APPEND_ONLY) <= set(connection.introspection.table_names(cursor)):
            return
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {tables} FROM {role}")
