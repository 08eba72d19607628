"""What the demo makes up: the same every time, marked, and nobody's real number or address."""

from __future__ import annotations

import pytest

from zhike_crm.running.demo import people, stories

IDS = [str(number) for number in range(12_000, 16_000)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_people_are_the_same_every_time_and_nobody_real(language: str) -> None:
    made = people.people(IDS, language)
    assert made == people.people(IDS, language)
    assert len({person.email for person in made.values()}) == len(IDS)
    phones = [person.phone for person in made.values() if person.phone]
    assert len(set(phones)) == len(phones)
    assert all(person.email.endswith("@example.com") for person in made.values())
    assert all(phone.startswith(("07700 900", "100 0000")) for phone in phones)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_made_up_fact_says_so(language: str) -> None:
    tickets, feedback = stories.tickets(IDS, language), stories.feedback(IDS, language)
    assert tickets.equals(stories.tickets(IDS, language))
    assert all(text.endswith(stories.MARK[language]) for text in tickets["subject"].to_pylist())
    assert all(text.endswith(stories.MARK[language]) for text in feedback["text"].to_pylist() if text)
    for table in (tickets, feedback):
        assert set(table["channel"].to_pylist()) == {"simulated"}
        assert all(name.startswith("simulated-") for name in table[table.column_names[0]].to_pylist())
