# What the migrations before the first release came to.

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import zhike_crm.segments.models


class Migration(migrations.Migration):
    initial = True

    replaces = [("segments", "0001_initial"), ("segments", "0002_clusterings"), ("segments", "0003_personal_groups")]

    dependencies = [
        ("accounts", "0001_initial"),
        ("customers", "0001_squashed_0005_columns_file"),
        ("workspaces", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Clustering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("names", models.JSONField(default=dict)),
                ("traits", models.JSONField(default=list)),
                ("personal", models.BooleanField(default=False)),
                ("asked", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("looking", "being looked for"),
                            ("failed", "nothing found"),
                            ("found", "found, not kept"),
                            ("kept", "kept"),
                            ("past", "found anew since"),
                        ],
                        default="looking",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("found_at", models.DateTimeField(null=True)),
                ("result", models.JSONField(default=dict)),
                ("fit", models.JSONField(default=dict)),
                ("problem", models.CharField(blank=True, max_length=500)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="segments.clustering",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
            bases=(zhike_crm.segments.models.Titled, models.Model),
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("description", models.CharField(blank=True, max_length=500, verbose_name="description")),
                (
                    "kind",
                    models.CharField(
                        choices=[("rule", "Rule"), ("list", "Fixed list"), ("cluster", "Group found")],
                        default="rule",
                        max_length=7,
                        verbose_name="kind",
                    ),
                ),
                ("tree", models.JSONField(blank=True, default=dict, verbose_name="rule")),
                ("dynamic", models.BooleanField(default=True, verbose_name="follows its rule")),
                ("number", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("names", models.JSONField(blank=True, default=dict)),
                ("draft", models.BooleanField(default=False)),
                ("count", models.IntegerField(blank=True, null=True, verbose_name="customers")),
                ("entered", models.IntegerField(default=0)),
                ("left", models.IntegerField(default=0)),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "clustering",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="segments.clustering",
                        verbose_name="found with",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="segments",
                        to="accounts.membership",
                        verbose_name="owner",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
            bases=(zhike_crm.segments.models.Titled, models.Model),
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entered_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="customers.customer",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="segments.segment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("rule", "the rule was changed"),
                            ("refresh", "refresh"),
                            ("asked", "computed anew"),
                            ("people", "by hand"),
                            ("merge", "customers were merged"),
                            ("found", "groups were found"),
                        ],
                        max_length=8,
                    ),
                ),
                ("count", models.IntegerField()),
                ("entered", models.IntegerField()),
                ("left", models.IntegerField()),
                ("group", models.UUIDField(default=uuid.uuid4)),
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
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="turns", to="segments.segment"
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
        migrations.AddIndex(
            model_name="clustering",
            index=models.Index(fields=["workspace", "-created_at"], name="clustering_newest"),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at", None), ("draft", False)),
                fields=("workspace", "name"),
                name="one_segment_of_a_name",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["segment", "entered_at"], name="member_entered"),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("left_at", None), _negated=True), fields=["segment", "left_at"], name="member_left"
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at", None)), fields=("segment", "customer"), name="one_current_membership"
            ),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(fields=["segment", "-at"], name="turn_newest"),
        ),
    ]
