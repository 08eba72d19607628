"""Rows out of a company's own database, by a query.

Only servers that the administrator of the installation has listed are asked: otherwise whoever may import could reach
from here what is open to this machine alone. The address is put together from checked parts, never taken as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.intake.limits import Limits
from zhike.intake.query import fetch_query, shown_address
from zhike_crm.imports.models import Import

# The page waits for it.
SECONDS = 120.0


@dataclass(frozen=True)
class Query:
    """One question to one PostgreSQL database."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    sql: str

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.database} @ {self.host}"[:200]

    @property
    def shown(self) -> str:
        """The address without the password."""
        return shown_address(self._address())

    def fetch(self, made: Import) -> int:
        """Write the rows where an import has its file, and return its size.

        Raises:
            ValidationError: the server is not listed, or the database refuses.
        """
        if self.host not in settings.ZHIKE_QUERY_HOSTS:
            raise ValidationError(_("This server is not among those that may be asked."))
        limits = Limits(wall_seconds=SECONDS, query_size=settings.ZHIKE_UPLOAD_BYTES)
        made.folder.mkdir(parents=True, mode=0o700)
        try:
            fetch_query(self._address(), self.sql, made.file, limits=limits)
        except ZhikeError as wrong:
            raise ValidationError(str(wrong)) from None
        made.file.chmod(0o600)
        return made.file.stat().st_size

    def _address(self) -> str:
        user, password = quote(self.user, safe=""), quote(self.password, safe="")
        return f"postgresql://{user}:{password}@{self.host}:{int(self.port)}/{quote(self.database, safe='')}"
