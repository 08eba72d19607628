from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "zhike_crm.customers"
    label = "customers"
