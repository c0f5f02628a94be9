from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="readmark",
            name="recorded_at",
            field=models.DateTimeField(null=True),
        ),
    ]
