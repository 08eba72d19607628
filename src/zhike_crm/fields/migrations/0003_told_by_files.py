"""Fields that the company's files fill: from which columns, which values came from there, and who may see them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fields", "0002_values_with_records"),
    ]

    operations = [
        migrations.AddField(
            model_name="fielddefinition",
            name="personal",
            field=models.BooleanField(default=False, verbose_name="personal"),
        ),
        migrations.AddField(
            model_name="fielddefinition",
            name="told_by",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="fielddefinition",
            name="told_version",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="fieldvalue",
            name="told",
            field=models.BooleanField(default=False),
        ),
    ]
