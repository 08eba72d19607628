"""Addresses of customers."""

from __future__ import annotations

from django.urls import include, path

from zhike_crm.customers import views
from zhike_crm.customers.lists import CustomerList
from zhike_crm.ui.lists.pages import list_urls

urlpatterns = [
    path("customers/", include(list_urls(CustomerList))),
    path("customers/new", views.new_customer, name="new_customer"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/edit", views.edit_customer, name="edit_customer"),
    path("customers/<int:pk>/notes", views.new_note, name="new_note"),
    path("customers/<int:pk>/tasks", views.new_task, name="new_task"),
    path("tasks/<int:pk>/done", views.task_done, name="task_done"),
]
