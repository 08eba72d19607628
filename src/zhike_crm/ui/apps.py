from django.apps import AppConfig


class UIConfig(AppConfig):
    name = "zhike_crm.ui"
    label = "ui"
