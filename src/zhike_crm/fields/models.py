"""Custom fields: what a company wants to know of its records that Zhike does not ask for.

One table of definitions, one of values. Values are typed columns with an index each, so that a list of a million
records filters on a custom field as quickly as on one of ours; a multiple choice is several rows.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhike_crm.workspaces.scoping import WorkspaceRow


class Kind(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    CHOICE = "choice", _("One choice")
    CHOICES = "choices", _("Several choices")
    YESNO = "yesno", _("Yes or no")
    LINK = "link", _("Link to a customer")


# Kind → the column of FieldValue that holds it.
COLUMNS = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.DATE: "date",
    Kind.CHOICE: "text",
    Kind.CHOICES: "text",
    Kind.YESNO: "number",
    Kind.LINK: "link",
}


# Characters of a text that is written. PostgreSQL refuses a row whose entry in an index is over 2,704 bytes, and
# texts stand in one whole; a character takes up to four. The column is longer for texts that are older than this.
TEXT_AT_MOST = 600


class FieldDefinition(WorkspaceRow):
    """A field of one type of record. `name` is for the API and never changes; `label` is for people.

    `options` of a choice: [{"code": …, "label": …}], in order. `personal` is for those only who may see personal data.

    `told_by`: the columns of the company's list of customers that fill it: ours by name, others as "attributes.<their
    name>"; the first that says something counts. `told_version` is the version of that list its values were read
    from; None when they have to be read anew.
    """

    record_type = models.CharField(max_length=40)
    name = models.SlugField(max_length=50)
    label = models.CharField(_("label"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    options = models.JSONField(_("options"), default=list, blank=True)
    help_text = models.CharField(_("explanation"), max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    personal = models.BooleanField(_("personal"), default=False)
    told_by = models.JSONField(default=list, blank=True)
    told_version = models.BigIntegerField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "record_type", "name"], name="field_name")]

    def __str__(self) -> str:
        return self.label

    @property
    def column(self) -> str:
        """The column of `FieldValue` with the values of this field."""
        return COLUMNS[Kind(self.kind)]

    @property
    def columns_said(self) -> str:
        """The columns of files that fill it, as people know them."""
        return ", ".join(dict.fromkeys(name.removeprefix("attributes.") for name in self.told_by))


class FieldValue(WorkspaceRow):
    """One value of one field of one record. `told`: by the company's file, which may change it or take it back."""

    field = models.ForeignKey(FieldDefinition, on_delete=models.CASCADE, related_name="values")
    record_id = models.BigIntegerField()
    text = models.CharField(max_length=2000, null=True)
    number = models.FloatField(null=True)
    date = models.DateField(null=True)
    link = models.BigIntegerField(null=True)
    told = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["field", "record_id"], name="value_of_record"),
            # With the record, so that who has a value, whether one has it, and all in its order are read off the index.
            models.Index(fields=["field", "text", "record_id"], name="value_text"),
            models.Index(fields=["field", "number", "record_id"], name="value_number"),
            models.Index(fields=["field", "date", "record_id"], name="value_date"),
            models.Index(fields=["field", "link", "record_id"], name="value_link"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {getattr(self, self.field.column)}"
