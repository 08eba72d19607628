"""Every address of the product. Those of a workspace begin with its name and go through `accounts.pages.page`."""

from __future__ import annotations

from django.urls import include, path

from zhike_crm.administration import urls as administration

urlpatterns = [
    *administration.outside,
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("zhike_crm.api.urls")),
    path(
        "w/<str:workspace>/",
        include(
            [
                path("", include("zhike_crm.insights.urls")),
                path("", include("zhike_crm.customers.urls")),
                path("", include("zhike_crm.segments.urls")),
                path("", include("zhike_crm.imports.urls")),
                path("", include("zhike_crm.fields.urls")),
                *administration.inside,
            ]
        ),
    ),
]
