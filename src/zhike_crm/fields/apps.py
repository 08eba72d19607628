from django.apps import AppConfig


class FieldsConfig(AppConfig):
    name = "zhike_crm.fields"
    label = "fields"
