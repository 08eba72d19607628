from django.apps import AppConfig


class UIConfig(AppConfig):
    name = "zhike_crm.ui"
    label = "ui"

    def ready(self) -> None:
        # Models are there only now.
        from zhike_crm.fields.uses import ASKING
        from zhike_crm.ui.lists.views import ask_about

        ASKING.append(ask_about)
