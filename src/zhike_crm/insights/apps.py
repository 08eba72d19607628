from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "zhike_crm.insights"
    label = "insights"
