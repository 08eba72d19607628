"""Addresses of custom fields."""

from __future__ import annotations

from django.urls import path

from zhike_crm.fields import views

urlpatterns = [
    path("fields/", views.fields, name="fields"),
    path("fields/new", views.new_field, name="new_field"),
    path("fields/<int:pk>", views.edit_field, name="edit_field"),
    path("fields/<int:pk>/archive", views.archive_field, name="archive_field"),
    path("fields/<int:pk>/bring-back", views.bring_back_field, name="bring_back_field"),
    path("fields/<int:pk>/move", views.move_field, name="move_field"),
]
