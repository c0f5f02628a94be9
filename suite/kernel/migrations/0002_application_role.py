"""The owner migrates, the application reads and writes rows: it may use every table that the owner makes, and change none.

What is append-only takes rights back in its own migration, which comes after this one.
"""

from django.conf import settings
from django.db import migrations

GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
"""


def grant(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_APPLICATION_ROLE])
        if cursor.fetchone():
            role = schema_editor.connection.ops.quote_name(settings.DATABASE_APPLICATION_ROLE)
            cursor.execute(GRANTS.format(role=role))


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    run_before = [("audit", "0002_append_only")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
