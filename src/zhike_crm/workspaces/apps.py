from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "zhike_crm.workspaces"
    label = "workspaces"
