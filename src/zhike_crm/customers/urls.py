"""Addresses of customers, their duplicates and their tasks."""

from __future__ import annotations

from django.urls import include, path

from zhike_crm.customers import duplicate_views, task_views, views
from zhike_crm.customers.lists import CustomerList, RecycleBin
from zhike_crm.customers.task_list import TaskList
from zhike_crm.ui.lists.pages import list_urls

urlpatterns = [
    path("customers/", include(list_urls(CustomerList))),
    path("customers/new", views.new_customer, name="new_customer"),
    path("customers/pick", views.pick_customer, name="pick_customer"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/timeline", views.older_events, name="older_events"),
    path("customers/<int:pk>/edit", views.edit_customer, name="edit_customer"),
    path("customers/<int:pk>/delete", views.delete_customer, name="delete_customer"),
    path("customers/<int:pk>/restore", views.restore_customer, name="restore_customer"),
    path("customers/<int:pk>/notes", views.new_note, name="new_note"),
    path("customers/<int:pk>/tasks", task_views.new_task, name="new_task"),
    path("notes/<int:pk>/edit", views.edit_note, name="edit_note"),
    path("notes/<int:pk>/delete", views.delete_note, name="delete_note"),
    path("recycle-bin/", include(list_urls(RecycleBin))),
    path("tasks/", include(list_urls(TaskList))),
    path("tasks/board", task_views.task_board, name="task_board"),
    path("tasks/new", task_views.new_task_of_nobody, name="new_task_of_nobody"),
    path("tasks/<int:pk>", task_views.edit_task, name="edit_task"),
    path("tasks/<int:pk>/done", task_views.task_done, name="task_done"),
    path("tasks/<int:pk>/move", task_views.move_task, name="move_task"),
    path("tasks/<int:pk>/delete", task_views.delete_task, name="delete_task"),
    path("duplicates/", duplicate_views.pairs, name="duplicates"),
    path("duplicates/search", duplicate_views.search_duplicates, name="search_duplicates"),
    path("duplicates/<int:pk>/<int:other>", duplicate_views.compare, name="compare"),
    path("duplicates/<int:pk>/<int:other>/dismiss", duplicate_views.dismiss_pair, name="dismiss_pair"),
    path("duplicates/pairs/<int:pk>/reopen", duplicate_views.reopen_pair, name="reopen_pair"),
    path("merges/<int:pk>/undo", duplicate_views.undo_merge, name="undo_merge"),
]
