from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "zhike_crm.accounts"
    label = "accounts"
