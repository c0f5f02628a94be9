"""People are searched and sorted without regard to accents."""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_roles_exclude")]
    operations = [UnaccentExtension()]
