"""Addresses of segments."""

from __future__ import annotations

from django.urls import include, path

from zhike_crm.segments import editor_views, views
from zhike_crm.segments.lists import ArchivedSegments, SegmentList
from zhike_crm.ui.lists.pages import list_urls

urlpatterns = [
    path("segments/", include(list_urls(SegmentList))),
    path("segments/new", editor_views.new_segment, name="new_segment"),
    path("segments/gallery", editor_views.segment_gallery, name="segment_gallery"),
    path("segments/preview", editor_views.preview_segment, name="preview_segment"),
    path("segments/archived/", include(list_urls(ArchivedSegments))),
    path("segments/<int:pk>/", views.segment, name="segment"),
    path("segments/<int:pk>/edit", editor_views.edit_segment, name="edit_segment"),
    path("segments/<int:pk>/state", views.segment_state, name="segment_state"),
    path("segments/<int:pk>/compute", views.compute_segment, name="compute_segment"),
    path("segments/<int:pk>/archive", views.archive_segment, name="archive_segment"),
    path("segments/<int:pk>/restore", views.restore_segment, name="restore_segment"),
    path("segments/<int:pk>/rule", views.restore_rule, name="restore_rule"),
    path("segments/<int:pk>/turns/<int:turn>", views.segment_turn, name="segment_turn"),
]
