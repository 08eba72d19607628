# What the migrations before the first release came to.

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("customers", "0001_initial"),
        ("customers", "0002_merging"),
        ("customers", "0003_expectations"),
        ("customers", "0004_churn"),
        ("customers", "0005_columns_file"),
    ]

    dependencies = [
        ("accounts", "0001_initial"),
        ("workspaces", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "Person"), ("company", "Company")],
                        default="person",
                        max_length=7,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="e-mail")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                ("gender", models.CharField(blank=True, max_length=20, verbose_name="gender")),
                ("birth_date", models.DateField(blank=True, null=True, verbose_name="date of birth")),
                ("job_title", models.CharField(blank=True, max_length=100, verbose_name="job title")),
                ("country", models.CharField(blank=True, max_length=80, verbose_name="country")),
                ("region", models.CharField(blank=True, max_length=80, verbose_name="region")),
                ("city", models.CharField(blank=True, max_length=80, verbose_name="city")),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="address")),
                ("edited", models.JSONField(blank=True, default=list)),
                ("simulated", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contacts",
                        to="customers.customer",
                        verbose_name="company",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="merged",
                        to="customers.customer",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="customers",
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
        ),
        migrations.CreateModel(
            name="DuplicatePair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("score", models.FloatField()),
                ("reasons", models.JSONField(default=list)),
                ("found_at", models.DateTimeField(auto_now_add=True)),
                ("dismissed_at", models.DateTimeField(null=True)),
                (
                    "dismissed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identity", models.CharField(max_length=300)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="identities", to="customers.customer"
                    ),
                ),
                (
                    "first_customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changes", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("moved", models.JSONField(default=dict)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("undone_at", models.DateTimeField(null=True)),
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
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="merges", to="customers.customer"
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=10000, verbose_name="note")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="customers.customer"
                    ),
                ),
                (
                    "first_customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                ("mentioned", models.ManyToManyField(blank=True, related_name="mentions", to="accounts.membership")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScoredRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("run", models.IntegerField()),
                ("unproven", models.JSONField(default=list)),
                ("columns", models.CharField(blank=True, max_length=32)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="task")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="customers.customer",
                    ),
                ),
                (
                    "first_customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tasks",
                        to="accounts.membership",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="score",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                ("run", models.IntegerField()),
                ("as_of", models.DateField()),
                ("never_purchased", models.BooleanField(verbose_name="never purchased")),
                ("value_tier", models.CharField(max_length=12, null=True, verbose_name="value tier")),
                ("grade", models.CharField(max_length=12, null=True, verbose_name="grade")),
                ("octant", models.CharField(max_length=24, null=True, verbose_name="octant")),
                ("grid_cell", models.CharField(max_length=24, null=True, verbose_name="grid cell")),
                ("stage", models.CharField(max_length=12, null=True, verbose_name="stage")),
                ("abc", models.CharField(max_length=1, null=True, verbose_name="ABC class")),
                ("rfm_score", models.FloatField(null=True, verbose_name="RFM score")),
                ("recency_days", models.IntegerField(null=True, verbose_name="days since last purchase")),
                ("frequency", models.IntegerField(null=True, verbose_name="purchases in the window")),
                ("monetary", models.FloatField(null=True, verbose_name="amount in the window")),
                ("orders", models.IntegerField(null=True, verbose_name="orders")),
                ("revenue", models.FloatField(null=True, verbose_name="revenue")),
                ("average_order_value", models.FloatField(null=True, verbose_name="average order")),
                ("clv", models.FloatField(null=True, verbose_name="customer lifetime value")),
                ("profit", models.FloatField(null=True, verbose_name="profit")),
                ("p_alive", models.FloatField(null=True, verbose_name="probability of still being a customer")),
                ("expected_purchases", models.FloatField(null=True, verbose_name="purchases to expect")),
                ("residual_clv", models.FloatField(null=True, verbose_name="value to come")),
                ("churn_probability", models.FloatField(null=True, verbose_name="probability of leaving")),
                ("churn_risk", models.CharField(max_length=6, null=True, verbose_name="risk of leaving")),
                ("warnings", models.IntegerField(null=True, verbose_name="early warnings")),
                ("warn_activity", models.BooleanField(null=True)),
                ("warn_interactions", models.BooleanField(null=True)),
                ("warn_carts", models.BooleanField(null=True)),
                ("warn_complaints", models.BooleanField(null=True)),
                ("warn_overdue", models.BooleanField(null=True)),
                ("warn_competitor", models.BooleanField(null=True)),
                ("rank", models.IntegerField(null=True, verbose_name="rank by revenue")),
                ("overdue", models.FloatField(null=True, verbose_name="overdue")),
                ("first_at", models.DateField(null=True, verbose_name="first purchase")),
                ("last_at", models.DateField(null=True, verbose_name="last purchase")),
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
            ],
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "name", "id"], name="customer_name"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "email", "id"], name="customer_email"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "phone", "id"], name="customer_phone"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "country", "id"], name="customer_country"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "city", "id"], name="customer_city"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "owner", "id"], name="customer_owner"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "created_at", "id"], name="customer_created"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "updated_at"], name="customer_updated"),
        ),
        migrations.AddIndex(
            model_name="duplicatepair",
            index=models.Index(fields=["workspace", "dismissed_at", "-score", "id"], name="pair_likeliest"),
        ),
        migrations.AddConstraint(
            model_name="duplicatepair",
            constraint=models.UniqueConstraint(fields=("workspace", "first", "second"), name="one_pair"),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(fields=("workspace", "identity"), name="one_identity"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)), fields=("merged",), name="merged_once"
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["customer", "-created_at"], name="note_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="scoredrun",
            constraint=models.UniqueConstraint(fields=("workspace",), name="one_scored_run"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["workspace", "owner", "done_at", "due_on"], name="task_open"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["customer", "-created_at"], name="task_of_customer"),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(fields=["workspace", "revenue", "customer"], name="score_revenue"),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(fields=["workspace", "rank", "customer"], name="score_rank"),
        ),
    ]
