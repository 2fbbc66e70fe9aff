"""What a prompt is about: whom, in which words, in which tone."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from local.vendors.chance import Chance

TONES = ("neutral", "sarcastic", "comical", "sombre")
USUAL_TOPICS = ("small things", "good company", "long walks")

_SECTIONS = (
    r"\bdescription:\s*<<<(?P<body>.*?)>>>",
    r"<(?P<tag>description|about|persona|data|text)\b[^>]*>(?P<body>.*?)</(?P=tag)>",
    r'"""(?P<body>.*?)"""',
    r"```\w*\n(?P<body>.*?)```",
    r"\bdescription:\s*(?P<body>.+?)(?:\n\s*\n|\n\w[\w ]*:|\Z)",
)
_NAMES = (
    r"\bname:\s*<<<(?P<name>.*?)>>>",
    r"<name>(?P<name>[^<]+)</name>",
    r"\bname:[ \t]*(?P<name>[^\n,;]+)",
    r"\b(?:named|called) (?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)?)",
)
_QUOTE_LENGTH = 110
_CLAUSE_END = (
    r"(?<=\w\w)[.!?]+(?:\s+|$)|[;:\n]+\s*|,\s+|\s+(?:and|but|who|which|because|although)\s+"
)
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about above across after against all along also always am among an and any
        are around as at away be because been before behind below between beyond bit but
        by can could do does during each easily ever every extremely for from had hardly
        has have he her here hers him his how i if in inside into is it its just like
        many may me more most much my near neither never no nor not of off often on one
        only or other our out outside over own rarely she should since so some somebody
        something still such than that the their them then there these they this those
        through to too towards under until up us very was we were what when where which
        while who whom whose why will with within without would you your""",
    )
)
_VERBS = re.compile(
    r"(?:love|like|hate|collect|tell|play|make|write|know|work|live|want|need|keep|enjoy|bake"
    r"|cook|feed|repair|mend|build|grow|read|sing|teach|climb|paint|watch|speak|talk|carr(?:ie)?"
    r"|stud(?:ie)?|run|walk|laugh|believe|think|find|give|take|wear|hum|knit|argue|dream|say|forget|hurr)"
    r"(?:y|i?e?s|ed|ing)?"
)


@dataclass(frozen=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True)
class Reading:
    name: str
    description: str
    tone: str
    asked: str
    everything: str
    chance: Chance = field(compare=False)
    instructions: str = ""
    brief: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()
    statements: Mapping[str, str] = field(default_factory=dict)
    remembered: str = ""
    said: Sequence[str] = ()
    """A talk to keep in mind, and what was kept of it before."""

    @property
    def who(self) -> str:
        return self.name or "this person"

    @cached_property
    def clauses(self) -> list[str]:
        """Cut the description where it breathes; every piece is in it word for word."""
        pieces = (piece.strip(" \t\"'“”()-") for piece in re.split(_CLAUSE_END, self.description))
        return [shortened(piece) for piece in pieces if piece] or ["a quiet beginning"]

    @cached_property
    def topics(self) -> list[str]:
        """Name what the description talks about; plurals first, they need no article."""
        about = self.clauses[1:] or self.clauses
        phrases = [phrase for clause in about for phrase in _phrases(clause)]
        plural = [phrase for phrase in phrases if re.search(r"[^'su]s$", phrase)]
        named = plural or [phrase for phrase in phrases if " " in phrase]
        return list(dict.fromkeys(named)) or list(USUAL_TOPICS)

    def topic(self, name: str, index: int) -> str:
        """Start among the prompt's own topics, and do not repeat a lonely one all along a list."""
        topics = self.topics
        pool = topics if len(topics) >= len(USUAL_TOPICS) else [*topics, *USUAL_TOPICS]
        start = self.chance.below(f"{name} topic", len(topics))
        return pool[(start + index) % len(pool)]

    def clause_around(self, position: int) -> str:
        """Return the clause in which this place of the description lies."""
        for clause in self.clauses:
            start = self.description.find(clause)
            if start <= position < start + len(clause):
                return clause
        return self.clauses[0]


def read_messages(messages: Sequence[Message]) -> Reading:
    everything = "\n".join(message.text for message in messages)
    asked = next((message.text for message in reversed(messages) if message.role == "user"), "")
    instructions = "\n".join(message.text for message in messages if message.role != "user")
    given = _json_object(asked)
    brief, words = _texts(given.get("brief")), [*_texts(given.get("words")).values()]
    told = given.get("description") or ". ".join([*words, *brief.values()])
    return Reading(
        name=str(given.get("name") or _first(_NAMES, "name", asked, instructions)).strip(),
        description=str(told or _first(_SECTIONS, "body", asked) or asked),
        tone=_tone(asked, instructions),
        asked=asked,
        everything=everything,
        chance=Chance(everything),
        instructions=instructions,
        brief=brief,
        words=words,
        statements=_texts(given.get("statements")),
        remembered=str(given.get("remembered") or ""),
        said=_lines(given.get("said")),
    )


def _texts(value: object) -> dict[str, str]:
    """Read a list as well: by its indices."""
    items = dict(enumerate(value)) if isinstance(value, list) else value
    return {str(key): str(item) for key, item in items.items()} if isinstance(items, dict) else {}


def _lines(value: object) -> list[str]:
    items = value if isinstance(value, list) else []
    return [str(item.get("text", "")) for item in items if isinstance(item, dict)]


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _first(patterns: Sequence[str], group: str, *texts: str) -> str:
    for text in texts:
        for pattern in patterns:
            if found := re.search(pattern, text, re.IGNORECASE | re.DOTALL):
                return found.group(group)
    return ""


def _tone(asked: str, instructions: str) -> str:
    """A tone that is called one outweighs a tone that is only mentioned."""
    names = "|".join(TONES)
    for text in (asked, instructions):
        for pattern in (rf"\btone\W+(?:(?:is|of|be|a)\W+)*({names})\b", rf"\b({names}) tone\b"):
            if labelled := re.search(pattern, text, re.IGNORECASE):
                return str(labelled.group(1)).casefold()
    for text in (instructions, asked):
        mentioned: set[str] = set(re.findall(rf"\b({names})\b", text.casefold()))
        if len(mentioned) == 1:
            return mentioned.pop()
    return TONES[0]


def shortened(text: str, length: int = _QUOTE_LENGTH) -> str:
    if len(text) <= length:
        return text
    return text[:length].rpartition(" ")[0] or text[:length]


def _phrases(clause: str) -> list[str]:
    """Return the ends of the runs of words between function words, without their verbs."""
    phrases: list[str] = []
    run: list[str] = []
    for word in [*re.findall(r"[^\W\d_][\w'-]*", clause), "and"]:
        if word.casefold() in _FUNCTION_WORDS:
            phrases += [" ".join(run[-2:])] if run else []
            run = []
        elif _VERBS.fullmatch(word.casefold()):
            run = []
        else:
            run.append(word)
    return phrases
