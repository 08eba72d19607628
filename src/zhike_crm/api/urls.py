"""Addresses of the API."""

from __future__ import annotations

from django.urls import path

from zhike_crm.api import site

urlpatterns = [
    path("docs", site.docs, name="api_docs"),
    path("openapi.json", site.schema, name="api_schema"),
    path("", site.api.urls),
]
