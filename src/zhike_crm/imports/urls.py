"""Addresses of imports."""

from __future__ import annotations

from django.urls import include, path

from zhike_crm.imports import views
from zhike_crm.imports.lists import ImportList
from zhike_crm.ui.lists.pages import list_urls

urlpatterns = [
    path("imports/", include(list_urls(ImportList))),
    path("imports/new", views.new_import, name="new_import"),
    path("imports/query", views.new_query, name="new_query"),
    path("imports/<int:pk>/", views.show_import, name="import"),
    path("imports/<int:pk>/progress", views.progress, name="import_progress"),
    path("imports/<int:pk>/look", views.look_again, name="look_again"),
    path("imports/<int:pk>/columns", views.choose_columns, name="choose_columns"),
    path("imports/<int:pk>/back", views.back_to_columns, name="back_to_columns"),
    path("imports/<int:pk>/run", views.run_import, name="run_import"),
    path("imports/<int:pk>/undo", views.undo_import, name="undo_import"),
    path("imports/<int:pk>/delete", views.delete_import, name="delete_import"),
    path("imports/<int:pk>/refresh", views.refresh_after, name="refresh_after_import"),
    path("imports/<int:pk>/remarks", views.remarks, name="import_remarks"),
    path("data-quality/", views.data_quality, name="data_quality"),
]
