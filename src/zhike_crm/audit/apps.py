from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "zhike_crm.audit"
    label = "audit"
