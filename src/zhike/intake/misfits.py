"""Why columns do not make a table of ours: what is wrong, said so that a person can put it right.

How to say which column is which depends on where one is (the command line, Python, the browser); these sentences
leave it open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from zhike.errors import MappingError
from zhike.intake.evidence import fits
from zhike.intake.vocabulary import SURE, names_of, normalised
from zhike.schema import CONTRACTS, Contract

# From this likeness on (0–100) a known name is taken for what a mistyped one was meant to be.
_SIMILAR = 75

Sample = Mapping[str, Sequence[object]]


def not_recognised(nearest: Contract, missing: Sequence[str], names: Sequence[str], sample: Sample) -> MappingError:
    """The columns do not show which table it is; `missing` are those the nearest table lacks."""
    if list(names) == [f"Column {i}" for i in range(1, len(names) + 1)]:
        examples = ((name, next((v for v in sample.get(name, ()) if v is not None), "–")) for name in names[:40])
        return MappingError(
            "The file has no row of column names, so they are numbered: {theirs}.",
            fix="Say which table it is ({tables}) and which columns are which, or add a first row with names.",
            theirs=", ".join(f"{name} ({str(value)[:40]})" for name, value in examples),
            tables=", ".join(CONTRACTS),
        )
    lacking = [ours for ours in nearest.needing("must") if ours in missing]
    return unfit(nearest, lacking, names, sample) or MappingError(
        "The columns of the file do not show which table it is: {theirs}.",
        fix="Say which ({tables}) and which of its columns are which; as {table} it still lacks {lacking}."
        if lacking
        else "Say which ({tables}) and which of its columns are which.",
        theirs=", ".join(names[:40]),
        tables=", ".join(CONTRACTS),
        table=nearest.name,
        lacking=", ".join(lacking),
    )


def unfit(table: Contract, lacking: Sequence[str], names: Sequence[str], sample: Sample) -> MappingError | None:
    """A column that by its name is what is lacking, and whose values speak against it: that is what is wrong."""
    for ours in lacking:
        for theirs in names:
            values = (v for v in sample.get(theirs, ()) if v is not None and not fits(table[ours], [v], sure=False))
            sure = names_of(table.name, ours).get(normalised(theirs), 0.0) >= SURE
            if sure and (example := next(values, None)) is not None:
                return MappingError(
                    "The column {theirs} has the name of {ours}, but holds values such as “{example}”.",
                    fix="Correct them, or say which column is {ours}.",
                    theirs=theirs,
                    ours=ours,
                    example=str(example)[:40],
                )
    return None


def unknown_ours(ours: str, known: Sequence[str]) -> MappingError:
    """A person named a column of ours that there is not."""
    nearest = _nearest(ours, known)
    return MappingError(
        "There is no column {ours} in Zhike.",
        fix="Did you mean {nearest}?" if nearest else "Use one of: {known}.",
        ours=ours,
        nearest=nearest,
        known=", ".join(known),
    )


def unknown_theirs(theirs: str, names: Sequence[str]) -> MappingError:
    """A person named a column of the file that there is not."""
    nearest = _nearest(theirs, names)
    return MappingError(
        "The file has no column {theirs}.",
        fix="Did you mean {nearest}?" if nearest else "Its columns are: {names}.",
        theirs=theirs,
        nearest=nearest,
        names=", ".join(names[:60]),
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    """The known name that a mistyped one most likely stands for; empty when none comes near."""
    found = process.extractOne(name, known, processor=normalised, scorer=fuzz.ratio, score_cutoff=_SIMILAR)
    return found[0] if found else ""
