# What the migrations before the first release came to.

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("insights", "0001_initial"),
        ("insights", "0002_moves"),
        ("insights", "0003_proofs"),
        ("insights", "0004_figures_kept_anew"),
    ]

    dependencies = [
        ("workspaces", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PublishedSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("values", models.JSONField(default=dict)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="RunSummary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("run", models.IntegerField()),
                ("as_of", models.DateField()),
                ("customers", models.IntegerField()),
                ("settings", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("proofs", models.JSONField(default=dict)),
                ("current", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField(auto_now=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
            options={
                "ordering": ["as_of", "run"],
            },
        ),
        migrations.CreateModel(
            name="RunMoves",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.JSONField(default=list)),
                ("value_tier", models.JSONField(default=list)),
                ("causes", models.JSONField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
                (
                    "after",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="insights.runsummary"
                    ),
                ),
                (
                    "before",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="insights.runsummary"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="runsummary",
            constraint=models.UniqueConstraint(fields=("workspace", "run"), name="one_summary_of_a_run"),
        ),
        migrations.AddConstraint(
            model_name="runsummary",
            constraint=models.UniqueConstraint(
                condition=models.Q(("current", True)), fields=("workspace",), name="one_current_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="runmoves",
            constraint=models.UniqueConstraint(fields=("workspace", "before", "after"), name="one_pair_of_runs"),
        ),
    ]
