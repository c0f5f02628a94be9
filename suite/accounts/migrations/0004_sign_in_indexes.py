from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_search_without_accents")]
    operations = [
        migrations.AddIndex(
            model_name="signin",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)), fields=["ended_at"], name="accounts_lately_ended"
            ),
        ),
        migrations.AddIndex(
            model_name="signin",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["issuer", "sub"], name="accounts_open_sign_ins"),
        ),
    ]
