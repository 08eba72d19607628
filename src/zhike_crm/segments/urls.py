"""Addresses of segments."""

from __future__ import annotations

from django.urls import include, path

from zhike_crm.segments import clustering_views, comparing_views, editor_views, views
from zhike_crm.segments.lists import ArchivedSegments, SegmentList
from zhike_crm.ui.lists.pages import list_urls

urlpatterns = [
    path("segments/", include(list_urls(SegmentList))),
    path("segments/new", editor_views.new_segment, name="new_segment"),
    path("segments/gallery", editor_views.segment_gallery, name="segment_gallery"),
    path("segments/preview", editor_views.preview_segment, name="preview_segment"),
    path("segments/compare", comparing_views.compare_segments, name="compare_segments"),
    path("segments/groups/new", clustering_views.find_groups, name="find_groups"),
    path("segments/groups/<int:pk>/", clustering_views.clustering, name="clustering"),
    path("segments/groups/<int:pk>/state", clustering_views.clustering_state, name="clustering_state"),
    path("segments/groups/<int:pk>/keep", clustering_views.keep_groups, name="keep_groups"),
    path("segments/groups/<int:pk>/names", clustering_views.rename_groups, name="rename_groups"),
    path("segments/groups/<int:pk>/discard", clustering_views.discard_groups, name="discard_groups"),
    path("segments/archived/", include(list_urls(ArchivedSegments))),
    path("segments/<int:pk>/", views.segment, name="segment"),
    path("segments/<int:pk>/export", views.export_segment, name="export_segment"),
    path("segments/<int:pk>/edit", editor_views.edit_segment, name="edit_segment"),
    path("segments/<int:pk>/state", views.segment_state, name="segment_state"),
    path("segments/<int:pk>/compute", views.compute_segment, name="compute_segment"),
    path("segments/<int:pk>/archive", views.archive_segment, name="archive_segment"),
    path("segments/<int:pk>/restore", views.restore_segment, name="restore_segment"),
    path("segments/<int:pk>/rule", views.restore_rule, name="restore_rule"),
    path("segments/<int:pk>/turns/<int:turn>", views.segment_turn, name="segment_turn"),
]
