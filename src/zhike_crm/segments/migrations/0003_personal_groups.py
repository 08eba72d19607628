from typing import Any

from django.db import migrations, models

# The traits that were personal when clusterings did not say yet whether any of theirs is.
PERSONAL = {"age", "gender"}


def mark(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("segments", "Clustering")._base_manager.using(schema_editor.connection.alias)
    found = [pk for pk, traits in rows.values_list("pk", "traits") if PERSONAL & set(traits)]
    rows.filter(pk__in=found).update(personal=True)


class Migration(migrations.Migration):
    dependencies = [("segments", "0002_clusterings")]

    operations = [
        migrations.AddField(model_name="clustering", name="personal", field=models.BooleanField(default=False)),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
