"""Addresses of the insights."""

from __future__ import annotations

from django.urls import path

from zhike_crm.insights import views

urlpatterns = [
    path("", views.home_page, name="home_page"),
    path("refresh", views.start_refresh, name="start_refresh"),
    path("rfm/", views.rfm, name="rfm"),
    path("rfm/preview", views.preview_rfm, name="preview_rfm"),
    path("rfm/publish", views.publish_rfm, name="publish_rfm"),
]
