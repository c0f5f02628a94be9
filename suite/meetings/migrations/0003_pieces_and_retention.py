from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0002_agreed_until"),
    ]

    operations = [
        migrations.AddField(
            model_name="capture",
            name="sound_days",
            field=models.PositiveSmallIntegerField(default=30),
        ),
        migrations.AddField(
            model_name="capture",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="capturedtrack",
            name="piece",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="capturedtrack",
            name="sound_deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RemoveConstraint(
            model_name="capturedtrack",
            name="meetings_track_once",
        ),
        migrations.AddConstraint(
            model_name="capturedtrack",
            constraint=models.UniqueConstraint(
                fields=("capture", "track_sid", "agreed_at", "piece"), name="meetings_track_once"
            ),
        ),
    ]
