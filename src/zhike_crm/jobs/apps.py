from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "zhike_crm.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Every app says in its tasks.py what it can do in the background.
        autodiscover_modules("tasks")
