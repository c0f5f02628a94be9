import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0001_initial"),
        ("transcripts", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="transcript",
            name="document",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="transcripts",
                to="documents.document",
            ),
        ),
    ]
