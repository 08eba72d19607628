"""How every form looks: Django's own forms in the clothes of the house."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import TemplatesSetting

_CLASSES = {
    "checkbox": "form-check-input",
    "radio": "form-check-input",
    "select": "form-select",
    "file": "form-control",
}


class Renderer(TemplatesSetting):
    """Templates in ui/templates/ui/forms; the class of every input is added when it is drawn."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if "widget" in context:
            _dress(context["widget"])
        if template_name.startswith("django/forms/errors/list/"):
            template_name = "ui/forms/errors.html"
        return str(super().render(template_name, context, request))


def _dress(widget: dict[str, Any]) -> None:
    kind = widget.get("type") or ("select" if "select" in widget.get("template_name", "") else "text")
    if kind == "hidden":
        return
    attributes = widget["attrs"]
    name = _CLASSES.get(kind, "form-control")
    if name not in attributes.get("class", "").split():
        attributes["class"] = f"{attributes.get('class', '')} {name}".strip()
