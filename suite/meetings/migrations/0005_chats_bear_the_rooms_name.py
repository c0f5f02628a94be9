from django.db import migrations

DATED = r", \d\d/\d\d/\d{4} \d\d:\d\d$"


def name(apps, schema_editor):
    """Take the hour of the server's zone from the names of meetings' chats: each reader sees when it began in their own."""
    Resource = apps.get_model("resources", "Resource")
    for meeting in apps.get_model("meetings", "Meeting").objects.all().iterator():
        dated = Resource.objects.filter(pk=meeting.channel_id, title__startswith=f"{meeting.title}, ", title__regex=DATED)
        dated.update(title=meeting.title)


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0004_is_barred"),
        ("resources", "0003_withdrawn_invitations"),
    ]

    operations = [
        migrations.RunPython(name, migrations.RunPython.noop, elidable=True),
    ]
