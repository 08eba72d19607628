"""Customers as the company knows them, the identities under which their facts arrived, and their current scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from zhike_crm.accounts.models import Membership, User
from zhike_crm.workspaces.models import Workspace
from zhike_crm.workspaces.scoping import WorkspaceRow

# What people fill in, in this order; what a merge may take over from the other record.
EDITABLE = (
    "kind",
    "name",
    "email",
    "phone",
    "company",
    "job_title",
    "gender",
    "birth_date",
    "country",
    "region",
    "city",
    "address",
    "owner",
)


class Customer(WorkspaceRow):
    """A person or a company.

    What people typed here stays: a later import fills or changes only what is not in `edited`.
    A merged customer stays in the table, hidden, so that unmerging gives it back whole.
    """

    class Kind(models.TextChoices):
        PERSON = "person", pgettext_lazy("kind of customer", "Person")
        COMPANY = "company", _("Company")

    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    gender = models.CharField(_("gender"), max_length=20, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    company = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts", verbose_name=_("company")
    )
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    owner = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="customers", verbose_name=_("owner")
    )
    edited = models.JSONField(default=list, blank=True)
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")

    class Meta:
        indexes = [
            # With the id, so that equal values are in order too.
            models.Index(fields=["workspace", "name", "id"], name="customer_name"),
            models.Index(fields=["workspace", "email", "id"], name="customer_email"),
            models.Index(fields=["workspace", "phone", "id"], name="customer_phone"),
            models.Index(fields=["workspace", "country", "id"], name="customer_country"),
            models.Index(fields=["workspace", "city", "id"], name="customer_city"),
            models.Index(fields=["workspace", "owner", "id"], name="customer_owner"),
            models.Index(fields=["workspace", "created_at", "id"], name="customer_created"),
            models.Index(fields=["workspace", "updated_at"], name="customer_updated"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Whatever changes, `updated_at` moves: the list goes by it (`keeping`)."""
        if update_fields is not None:
            update_fields = {*update_fields, "updated_at"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def is_current(self) -> bool:
        return self.deleted_at is None and self.merged_into_id is None


class Identity(WorkspaceRow):
    """An id under which facts arrive, as the lake names it (`17850`, `shop:17850`), and whose facts they are.

    Merging points identities at another customer; `first_customer` is where they came from, for unmerging.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    first_customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    identity = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "identity"], name="one_identity")]

    def __str__(self) -> str:
        return self.identity


class Score(WorkspaceRow):
    """A customer's scores of the current run, copied from the lake in bulk. Lists filter and sort on these.

    Money in the workspace's currency; days count back from `as_of`. The copy takes the ids from the tables themselves;
    for the database to look each of a million up again would take as long as writing them.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.CASCADE, related_name="score", db_constraint=False
    )
    run = models.IntegerField()
    as_of = models.DateField()
    never_purchased = models.BooleanField(_("never purchased"))
    value_tier = models.CharField(_("value tier"), max_length=12, null=True)
    grade = models.CharField(_("grade"), max_length=12, null=True)
    octant = models.CharField(_("octant"), max_length=24, null=True)
    grid_cell = models.CharField(_("grid cell"), max_length=24, null=True)
    stage = models.CharField(_("stage"), max_length=12, null=True)
    abc = models.CharField(_("ABC class"), max_length=1, null=True)
    rfm_score = models.FloatField(_("RFM score"), null=True)
    recency_days = models.IntegerField(_("days since last purchase"), null=True)
    frequency = models.IntegerField(_("purchases in the window"), null=True)
    monetary = models.FloatField(_("amount in the window"), null=True)
    orders = models.IntegerField(_("orders"), null=True)
    revenue = models.FloatField(_("revenue"), null=True)
    average_order_value = models.FloatField(_("average order"), null=True)
    clv = models.FloatField(_("customer lifetime value"), null=True)
    profit = models.FloatField(_("profit"), null=True)
    # What is still to come, by the model that did best on held-out purchases; empty where no model could be fitted.
    p_alive = models.FloatField(_("probability of still being a customer"), null=True)
    expected_purchases = models.FloatField(_("purchases to expect"), null=True)
    residual_clv = models.FloatField(_("value to come"), null=True)
    # Of leaving (`zhike.churn.scores`); the probability is empty for who is gone, and where no model could be tested.
    churn_probability = models.FloatField(_("probability of leaving"), null=True)
    churn_risk = models.CharField(_("risk of leaving"), max_length=6, null=True)
    warnings = models.IntegerField(_("early warnings"), null=True)
    warn_activity = models.BooleanField(null=True)
    warn_interactions = models.BooleanField(null=True)
    warn_carts = models.BooleanField(null=True)
    warn_complaints = models.BooleanField(null=True)
    warn_overdue = models.BooleanField(null=True)
    warn_competitor = models.BooleanField(null=True)
    rank = models.IntegerField(_("rank by revenue"), null=True)
    overdue = models.FloatField(_("overdue"), null=True)
    first_at = models.DateField(_("first purchase"), null=True)
    last_at = models.DateField(_("last purchase"), null=True)

    class Meta:
        # Lists find and sort by the file of the columns (`keeping`), which a refresh writes in a tenth of the time that
        # eighteen indexes take. This one is for those few who ask the database for the usual order: programs, and
        # workspaces without a file.
        indexes = [models.Index(fields=["workspace", "revenue", "customer"], name="score_revenue")]


class ScoredRun(WorkspaceRow):
    """The run whose scores lists and portraits show, and the models in it whose test failed (`zhike.proof`).

    `columns` names the file that lists look into (`keeping`); empty where there are too few customers for one.
    """

    run = models.IntegerField()
    unproven = models.JSONField(default=list)
    columns = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_scored_run")]

    def __str__(self) -> str:
        return f"run {self.run}"


class Note(WorkspaceRow):
    """What a colleague wrote about a customer. Mentioned members are told."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    # Where it was written, once a merge has moved it.
    first_customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(_("note"), max_length=10_000)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    mentioned = models.ManyToManyField(Membership, related_name="mentions", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["customer", "-created_at"], name="note_of_customer")]

    def __str__(self) -> str:
        return self.text[:60]


class Task(WorkspaceRow):
    """Something to do for a customer, by somebody, until a day."""

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="tasks")
    # For whom it was made, once a merge has moved it.
    first_customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(_("task"), max_length=200)
    owner = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks")
    due_on = models.DateField(_("due"), null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "owner", "done_at", "due_on"], name="task_open"),
            models.Index(fields=["customer", "-created_at"], name="task_of_customer"),
        ]

    def __str__(self) -> str:
        return self.title


class Merge(WorkspaceRow):
    """Two customers made one: enough to take it apart again with nothing lost.

    Notes, tasks and identities know themselves where they came from; the merged record keeps its own fields.
    """

    kept = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    # What changed on the kept record: {field: [before, after]}, custom fields as "field.name".
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # Of custom fields among them, whether a file had told the value: {field: [before, after]}; only where one had.
    told = models.JSONField(default=dict)
    # How many rows came over: {"notes": 3, …}.
    moved = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="merged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.merged} → {self.kept}"


class DuplicatePair(WorkspaceRow):
    """Two customers who may be one. `first` has the smaller id. A dismissed pair stays dismissed.

    `score` is the probability that they are one, 1 for equal keys; `reasons` are codes (see `duplicates.REASONS`).
    """

    first = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    reasons = models.JSONField(default=list)
    found_at = models.DateTimeField(auto_now_add=True)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "first", "second"], name="one_pair")]
        indexes = [models.Index(fields=["workspace", "dismissed_at", "-score", "id"], name="pair_likeliest")]

    def __str__(self) -> str:
        return f"{self.first} ≟ {self.second}"
