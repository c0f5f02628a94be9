"""HR administrator and auditor exclude each other in one person, wherever the roles are held: the database refuses both."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION accounts_roles_exclude() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Two grants at once wait for one another here, so that each sees the other's row.
  PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR UPDATE;
  IF EXISTS (SELECT 1 FROM accounts_roleassignment WHERE user_id = NEW.user_id AND role <> NEW.role AND id <> NEW.id) THEN
    RAISE EXCEPTION 'one person cannot both administer people and audit' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER accounts_roles_exclude BEFORE INSERT OR UPDATE ON accounts_roleassignment
  FOR EACH ROW EXECUTE FUNCTION accounts_roles_exclude();
"""
BACKWARDS = """
DROP TRIGGER accounts_roles_exclude ON accounts_roleassignment;
DROP FUNCTION accounts_roles_exclude();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
