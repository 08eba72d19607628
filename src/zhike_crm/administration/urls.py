"""Addresses of people and workspaces."""

from __future__ import annotations

from django.urls import path

from zhike_crm.administration import views

outside = [
    path("", views.home, name="home"),
    path("workspaces/", views.workspaces, name="workspaces"),
    path("workspaces/new", views.new_workspace, name="new_workspace"),
    path("profile/", views.profile, name="profile"),
    path("language/", views.set_language, name="set_language"),
    path("join/<str:secret>", views.join, name="join"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
]

inside = [
    path("members/", views.members, name="members"),
    path("members/<int:pk>", views.member, name="member"),
    path("invitations/<int:pk>/withdraw", views.withdraw_invitation, name="withdraw_invitation"),
    path("teams/new", views.new_team, name="new_team"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke", views.revoke_token, name="revoke_token"),
    path("settings/", views.workspace_settings, name="workspace_settings"),
    path("audit/", views.audit, name="audit"),
    path("undo/<uuid:group>", views.undo, name="undo"),
    path("palette", views.palette, name="palette"),
]
