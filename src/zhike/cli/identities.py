"""`zhike customers link`, `zhike customers links`: one person whom two sources know under two ids."""

from __future__ import annotations

import getpass
from collections.abc import Sequence

import click

from zhike.cli import output
from zhike.cli.options import json_option, lake_option
from zhike.errors import InputError
from zhike.lake.facts_view import Facts
from zhike.lake.identities import link as link_identities
from zhike.lake.identities import links as linked_identities
from zhike.lake.identities import unlink
from zhike.lake.lake import Lake
from zhike.language import _
from zhike.schema import CONTRACTS


@click.command(
    help=_("From now on the OTHERS are the same customer as CUSTOMER, under whose id they are known. Undone by --undo.")
)
@click.argument("customer")
@click.argument("others", nargs=-1, required=True)
@click.option("--undo", is_flag=True, help=_("Take the links between them apart again."))
@click.option("--by", metavar="NAME", help=_("Who says so, for the ledger; default: the user of this machine."))
@lake_option
@json_option
def link(customer: str, others: tuple[str, ...], undo: bool, by: str | None, lake_url: str, as_machine: bool) -> None:
    by = by if by is not None else _user()
    with Lake(lake_url) as lake:
        if undo:
            apart = _linked_among(lake, [customer, *others])
            unlink(lake, apart, by=by)
        else:
            _check_known(lake, [customer, *others])
            link_identities(lake, list(others), customer, by=by)
    if as_machine:
        done = {"unlinked": apart} if undo else {"customer_id": customer, "linked": list(others)}
        output.as_json(done | {"by": by})
        return
    if undo:
        output.say(_("On their own again: {customers}.", customers=", ".join(apart)))
    else:
        output.say(_("The same customer as {customer} now: {others}.", customer=customer, others=", ".join(others)))
    output.say(_("The next zhike refresh scores them so."))


@click.command(help=_("Which ids are linked to which customer."))
@lake_option
@json_option
def links(lake_url: str, as_machine: bool) -> None:
    with Lake(lake_url) as lake:
        known = sorted(linked_identities(lake).items())
    if as_machine:
        output.as_json([{"identity": identity, "customer_id": customer} for identity, customer in known])
    elif known:
        output.table([_("Linked ID"), _("Customer")], known)
    else:
        output.say(_("No customers are linked. To link two: zhike customers link CUSTOMER OTHER"))


def _check_known(lake: Lake, identities: Sequence[str]) -> None:
    """A mistyped id would be linked without a word, and its customer stay apart.

    Raises:
        InputError: an id that no imported row has, or the same id twice.
    """
    if len(set(identities)) < len(identities):
        raise InputError("A customer cannot be linked to itself.", fix="Name two different ids.")
    # As they were imported, whatever they are linked to by now.
    facts = Facts(lake, Facts.now(lake).versions, {})
    known: set[str] = set()
    for name in facts.versions:
        if "customer_id" in CONTRACTS[name]:
            table = facts.table(name)
            found = table.filter(table.customer_id.isin(list(identities))).select("customer_id").distinct()
            known |= set(lake.engine.to_pyarrow(found)["customer_id"].to_pylist())
    unknown = [identity for identity in identities if identity not in known]
    if unknown:
        raise InputError(
            "No imported row has the customer {customers}.",
            fix="Write an id as it is in the lake; those of a named source have its name in front, as in shop:1.",
            customers=", ".join(unknown),
        )


def _linked_among(lake: Lake, identities: Sequence[str]) -> list[str]:
    """Those of these ids that are linked to another of them.

    Raises:
        InputError: none is.
    """
    known = linked_identities(lake)
    found = [identity for identity in identities if known.get(identity) in identities]
    if not found:
        raise InputError(
            "None of these is linked to another of them: {customers}.",
            fix="See what is linked with: zhike customers links.",
            customers=", ".join(identities),
        )
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""
