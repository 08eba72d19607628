from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "zhike_crm.customers"
    label = "customers"

    def ready(self) -> None:
        from zhike_crm.customers.finding import found_in_palette
        from zhike_crm.customers.keeping import keep_later
        from zhike_crm.fields.record_types import has_fields
        from zhike_crm.ui import palette
        from zhike_crm.ui.lists.bulk import FOLLOWING

        has_fields("customers.customer", _("Customers"))
        palette.SOURCES.append(found_in_palette)
        FOLLOWING["customers.customer"] = keep_later
