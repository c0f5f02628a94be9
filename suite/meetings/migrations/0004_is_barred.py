from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0003_pieces_and_retention"),
    ]

    operations = [
        migrations.AddField(
            model_name="participation",
            name="is_barred",
            field=models.BooleanField(default=False),
        ),
    ]
