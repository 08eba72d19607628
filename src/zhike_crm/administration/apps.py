from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    name = "zhike_crm.administration"
    label = "administration"
