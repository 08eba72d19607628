"""/healthz and /readyz: for whoever watches the server. Answered before anything looks at host, session or database.

A load balancer asks by the machine's own address, which is none of the names the installation lets in.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse


class Health:
    """`/healthz`: this process answers. `/readyz`: it also reaches the database, with all its tables."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            problem = self._problem()
            return JsonResponse({"status": problem or "ok"}, status=503 if problem else 200)
        return self.get_response(request)

    def _problem(self) -> str:
        from zhike_crm.running.installation import pending

        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            if not self._migrated:
                # Looking through all migrations is too much for every second; once true it stays true.
                self._migrated = not pending()
        except DatabaseError:
            connection.close()
            return "no database"
        return "" if self._migrated else "not migrated"
