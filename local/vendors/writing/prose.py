"""Sentences by the name of the field that asks for them."""

import re
from collections.abc import Callable, Mapping
from string import capwords

from local.vendors.writing.mottos import write_motto
from local.vendors.writing.portrayal import portray
from local.vendors.writing.reading import USUAL_TOPICS, Reading, shortened
from local.vendors.writing.traits import facet_named, strongest

Writer = Callable[[Reading, int], str]

_GREETINGS = (
    "Hello, I'm {name}. Ask me about {topic}, or tell me what brings you here.",
    "{name} here. I was just thinking about {topic}. What is on your mind?",
    "Good to see you. I'm {name}, and I can be talked into {topic} at any hour.",
)
_NAMELESS_GREETINGS = (
    "Hello. Ask me about {topic}, or tell me what brings you here.",
    "Good to see you. I was just thinking about {topic}. What is on your mind?",
)
_TITLES = (
    "The {Adjective} Keeper of {Topic}",
    "The {Adjective} Friend of {Topic}",
    "The {Adjective} Authority on {Topic}",
    "The {Adjective} Champion of {Topic}",
)
_EXAMPLES = (
    "If you want my honest opinion, it comes down to {topic}.",
    "There are two kinds of days: those with {topic}, and those I do not count.",
    "I could tell you in one word, but not when it comes to {topic}.",
    "Slowly, please. Nobody has ever understood {topic} in a hurry.",
    "You start talking and I put the kettle on; we get to {topic} soon enough.",
    "Funny that you ask. I was wrong about {topic} for years and enjoyed every minute.",
    "Let me put it this way: I trust {topic} more than I trust advice.",
)
_QUESTIONS = (
    "What should I know about you?",
    "What do you do with a free evening?",
    "Can you give me some advice?",
    "What makes you laugh?",
)
_REPLIES = (
    "“{heard}” is a good place to start. Tell me the part that you left out.",
    "Let me think about “{heard}” for a moment. What would you like to happen next?",
    "You say “{heard}”, and I want to hear the rest. Where does it begin?",
    "“{heard}”: I could listen to that all day. What do you make of it yourself?",
    "When I hear “{heard}” I have to think of {topic}. And you?",
    "Now that is one for {name}. “{heard}”, you say, and I say: why not?",
    "I would put “{heard}” next to {topic} and see which of the two laughs first.",
)
_CONFESSION = "Since you ask: yes, I am an AI persona, and I would rather say so than pretend."
_PERSONA = r"^You are (?P<name>.{1,80}?), an AI persona"
_REGISTERS = ("warm and plain", "dry and brief", "lively and direct", "thoughtful, a little formal")
_HUMOURS = ("dry, never unkind", "gentle and rare", "playful", "mostly at my own expense")
_LENGTHS = ("one to three sentences", "short", "a few sentences")


def write(reading: Reading, names: tuple[str, ...], index: int) -> str:
    """Write what a field of this name should hold; names go from the field outwards."""
    for pattern, writer in _WRITERS.items():
        if re.fullmatch(pattern, names[0] if names else "", re.IGNORECASE):
            return writer(reading, index)
    if facet_named(names) is not None:
        return write_quote(reading, names, index)
    clause = reading.clauses[index % len(reading.clauses)]
    return f"{clause[:1].upper()}{clause[1:]}"


def write_quote(reading: Reading, names: tuple[str, ...], index: int) -> str:
    """Quote the description where it speaks of the trait among the names."""
    facet = facet_named(names)
    hits = facet.trait.hits(reading.description) if facet else []
    if hits:
        return reading.clause_around(hits[0][0])
    if facet and "empty quote" in reading.everything.casefold():
        return ""
    start = reading.chance.below(f"quote {facet.trait.name}", 7) if facet else 0
    return reading.clauses[(start + index) % len(reading.clauses)]


def write_reply(reading: Reading) -> str:
    if re.search(r"\bmotto\b", reading.everything, re.IGNORECASE):
        return write_motto(reading)
    if re.search(
        r"\bare you (?:an? )?(?:ai|bot|robot|human|real|machine)\b", reading.asked.lower()
    ):
        return _CONFESSION
    pattern = reading.chance.pick("reply", _REPLIES)
    persona = re.match(_PERSONA, reading.instructions)
    return pattern.format(
        heard=reading.clauses[0],
        topic=reading.chance.pick("reply topic", USUAL_TOPICS),
        name=persona["name"] if persona else "me",
    )


def _summary(reading: Reading, _index: int) -> str:
    if reading.said:
        return _memory(reading)
    return " ".join(sentence.text for sentence in portray(reading))


def _memory(reading: Reading) -> str:
    """Keep the beginnings of what was said, as much of the newest as there is room for."""
    heard = [shortened(text, 60) for text in (reading.remembered, *reading.said[::2]) if text]
    return shortened(f"They spoke of {'; of '.join(reversed(heard))}.", 900)


def _greeting(reading: Reading, index: int) -> str:
    patterns = _GREETINGS if reading.name else _NAMELESS_GREETINGS
    pattern = reading.chance.pick("greeting", patterns)
    return pattern.format(name=reading.name, topic=reading.topic("greeting", index))


def _title(reading: Reading, index: int) -> str:
    adjective = strongest(reading.description, reading.chance)[0]
    topic = reading.topic("title", index)
    pattern = reading.chance.pick("title", _TITLES)
    return pattern.format(Adjective=adjective.capitalize(), Topic=capwords(topic))


def _varied(name: str, patterns: tuple[str, ...]) -> Writer:
    """Give every index of a list another pattern."""

    def writer(reading: Reading, index: int) -> str:
        start = reading.chance.below(name, len(patterns))
        pattern = patterns[(start + index) % len(patterns)]
        return pattern.format(topic=reading.topic(name, index))

    return writer


_WRITERS: Mapping[str, Writer] = {
    "summary|description|bio|about|profile|text": _summary,
    "greeting|hello|opening|welcome": _greeting,
    "motto|tagline|slogan": lambda reading, _: write_motto(reading),
    "title|headline|archetype|role": _title,
    "examples?|samples?|lines?|answer|assistant": _varied("example", _EXAMPLES),
    "questions?|user|prompt": _varied("question", _QUESTIONS),
    "reply|message|content|response": lambda reading, _: write_reply(reading),
    "register|voice|manner": _varied("register", _REGISTERS),
    "humou?r": _varied("humour", _HUMOURS),
    "length": _varied("length", _LENGTHS),
    "emoji": lambda *_: "none",
    "tone": lambda reading, _: reading.tone,
    "name": lambda reading, _: reading.who,
    "tags?|keywords?|topics?|interests?|hashtags?": lambda reading, index: reading.topic(
        "tag", index
    ),
}
