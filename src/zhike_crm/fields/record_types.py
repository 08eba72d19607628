"""The types of record that can have custom fields; each app names its own when it starts."""

from __future__ import annotations

from typing import Any

# Type, as the model is called ("customers.customer") → what people call such records.
RECORD_TYPES: dict[str, Any] = {}


def has_fields(record_type: str, label: Any) -> None:
    """Let a type of record have custom fields."""
    RECORD_TYPES[record_type] = label
