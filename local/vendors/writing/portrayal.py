"""A person in a few sentences, each with what it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass

from local.vendors.writing.reading import Reading
from local.vendors.writing.traits import Facet, facet_named, marked, strongest

_OPENINGS = (
    "{Who} is best met in a few plain words: “{first}”.",
    "What one notices about {who} first is “{first}”.",
    "The short version of {who} reads “{first}”.",
    "Ask around about {who} and somebody will say “{first}”.",
)
_SECONDS = (
    "Stay a while and “{second}” comes through as well.",
    "It goes together with “{second}”.",
    "The rest of it, “{second}”, takes longer to notice.",
)
_CLOSINGS = (
    "All in all {one} and {two}, and always glad to come back to {topic}.",
    "The manner is {one} and {two}, with {topic} never far away.",
    "Mostly {one}, often {two}, and quite serious about {topic}.",
)
_FROM_BRIEF = ("{Who} is {line}.", "One meets somebody {line}.", "Those around notice: {line}.")
_FROM_WORDS = ("Friends put it as “{word}”.", "“{word}” is how friends tell it.")
_TOLD_TRAITS = 2
_QUALIFIERS = ("extremely", "very", "", "a bit")


@dataclass(frozen=True)
class Sentence:
    text: str
    facet: Facet | None = None
    quote: str | None = None


def portray(reading: Reading) -> list[Sentence]:
    return list(_by_brief(reading) if reading.brief else _by_description(reading))


def _by_description(reading: Reading) -> Iterator[Sentence]:
    chance, clauses = reading.chance, reading.clauses
    who, first = reading.who, clauses[0]
    opening = chance.pick("opening", _OPENINGS)
    yield Sentence(opening.format(who=who, Who=_capital(who), first=first), quote=first)
    if len(clauses) > 1:
        second = chance.pick("second", _SECONDS)
        yield Sentence(second.format(second=clauses[1]), quote=clauses[1])
    one, two = strongest(reading.description, chance)
    topic = reading.topic("summary", 0)
    closing = chance.pick("closing", _CLOSINGS).format(one=one, two=two, topic=topic)
    shown = marked(reading.description, chance)
    if shown:
        place, _ = shown[0].hits(reading.description)[0]
        yield Sentence(closing, Facet(shown[0]), reading.clause_around(place))
    elif topic in reading.description:
        yield Sentence(closing, quote=topic)


def _by_brief(reading: Reading) -> Iterator[Sentence]:
    chance, who = reading.chance, reading.who
    lines = sorted(reading.brief.items(), key=lambda line: _mildness(line[1]))
    for index, (name, line) in enumerate(lines[:_TOLD_TRAITS]):
        pattern = _FROM_BRIEF[index] if index == 0 else chance.pick("brief", _FROM_BRIEF[1:])
        yield Sentence(
            pattern.format(Who=_capital(who), line=line), facet_named(name.casefold().split())
        )
    if reading.words:
        word = chance.pick("word", reading.words).rstrip(" .!?")
        text = chance.pick("words", _FROM_WORDS).format(word=word)
        yield Sentence(text, quote=word)


def _mildness(line: str) -> int:
    """Rank a line by its qualifier: what is marked most comes first."""
    if line.startswith("neither"):
        return len(_QUALIFIERS)
    stated = [word for word in _QUALIFIERS if word and line.startswith(word)]
    return _QUALIFIERS.index(stated[0] if stated else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
