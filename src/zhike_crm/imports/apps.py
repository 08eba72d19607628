from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "zhike_crm.imports"
    label = "imports"
