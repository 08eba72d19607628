from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "zhike_crm.api"
    label = "api"

    def ready(self) -> None:
        # Models are there only now.
        from zhike_crm.api.inbox import drain
        from zhike_crm.insights.actions import FEEDS

        FEEDS.append(drain)
