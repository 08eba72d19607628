"""Addresses of the insights."""

from __future__ import annotations

from django.urls import path

from zhike_crm.insights.views import churn, home, models, satisfaction, settings

urlpatterns = [
    path("", home.home_page, name="home_page"),
    path("refresh", home.start_refresh, name="start_refresh"),
    path("refresh/state", home.refresh_state, name="refresh_state"),
    path("refresh/schedule", home.refresh_schedule, name="refresh_schedule"),
    path("rfm/", models.rfm, name="rfm"),
    path("rfm/preview", settings.preview_rfm, name="preview_rfm"),
    path("rfm/publish", settings.publish_rfm, name="publish_rfm"),
    path("lifecycle/", models.lifecycle_page, name="lifecycle"),
    path("lifecycle/preview", settings.preview_lifecycle, name="preview_lifecycle"),
    path("lifecycle/publish", settings.publish_lifecycle, name="publish_lifecycle"),
    path("value/", models.value_page, name="value"),
    path("value/publish", settings.publish_value, name="publish_value"),
    path("churn/", churn.churn_page, name="churn"),
    path("churn/preview", churn.preview_churn, name="preview_churn"),
    path("churn/publish", churn.publish_churn, name="publish_churn"),
    path("retention/", models.retention_page, name="retention"),
    path("satisfaction/", satisfaction.satisfaction_page, name="satisfaction"),
    path("satisfaction/answers", satisfaction.satisfaction_answers, name="satisfaction_answers"),
    path("movers/", models.movers, name="movers"),
    path("health/", models.model_health, name="model_health"),
    path("insights/settings/restore", settings.restore_settings, name="restore_settings"),
]
