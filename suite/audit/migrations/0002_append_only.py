"""The record and its seals are append-only: a trigger refuses to change or delete a row, whoever asks.

Each new record is queued for the sealer by a trigger too, so that no way of inserting goes round it.
"""

from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE FUNCTION audit_await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_pending (record_id, organization_id) VALUES (NEW.id, NEW.organization_id);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_record_await_seal AFTER INSERT ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_await_seal();
INSERT INTO audit_pending (record_id, organization_id)
  SELECT id, organization_id FROM audit_record WHERE id NOT IN (SELECT record_id FROM audit_seal);
"""
BACKWARDS = """
DROP TRIGGER audit_record_await_seal ON audit_record;
DROP FUNCTION audit_await_seal();
DROP TRIGGER audit_seal_append_only ON audit_seal;
DROP TRIGGER audit_record_append_only ON audit_record;
DROP FUNCTION audit_append_only();
"""


def revoke(apps, schema_editor):
    """The application's role inserts and reads; `suite.audit.apps` says it again after each migration."""
    quote = schema_editor.connection.ops.quote_name
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_APPLICATION_ROLE])
        if cursor.fetchone():
            role = quote(settings.DATABASE_APPLICATION_ROLE)
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON audit_record, audit_seal FROM {role}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField()),
            ],
            options={"db_table": "audit_pending"},
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(default=0)),
                ("chain", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField()),
                ("findings", models.JSONField(default=list)),
            ],
            options={"db_table": "audit_verification"},
        ),
        migrations.AddIndex(
            model_name="seal",
            index=models.Index(condition=models.Q(("sequence", 1)), fields=["organization_id"], name="audit_chains"),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RunPython(revoke, migrations.RunPython.noop),
    ]
