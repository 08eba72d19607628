"""python -m zhike_crm worker: do what is waiting (people use `zhike worker`)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from zhike_crm.jobs.worker import Worker


class Command(BaseCommand):
    help = "Work in the background until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        Worker().run()
