"""Mails to people who work with Zhike."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from zhike_crm.accounts.models import Invitation, Membership
from zhike_crm.languages import in_language


def invite(invitation: Invitation, link: str, *, by: Membership) -> None:
    """The link of an invitation, in the language of the workspace."""
    workspace = by.workspace
    with in_language(workspace.language):
        subject = _("%(person)s invites you to %(workspace)s") % {"person": by, "workspace": workspace}
        context = {"by": by, "workspace": workspace, "role": invitation.get_role_display(), "link": link}
        text = render_to_string("administration/mail_invitation.txt", context)
    # Names are other people's text: a line break in one must not become a header.
    EmailMessage(" ".join(subject.split()), text, to=[invitation.email]).send()
