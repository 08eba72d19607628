from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "zhike_crm.customers"
    label = "customers"

    def ready(self) -> None:
        from zhike_crm.customers.finding import found_in_palette
        from zhike_crm.fields.record_types import has_fields
        from zhike_crm.ui import palette

        has_fields("customers.customer", _("Customers"))
        palette.SOURCES.append(found_in_palette)
