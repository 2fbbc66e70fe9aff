"""Content that a JSON schema accepts, field by field in the words of a prompt."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.vendors.writing import prose
from local.vendors.writing.inventory import answer_statements
from local.vendors.writing.portrayal import Sentence, portray
from local.vendors.writing.reading import Reading
from local.vendors.writing.traits import TRAITS, facet_named

Schema = Mapping[str, Any]
Fit = Callable[[str, Schema], str]

_DEEPEST = 8
_USUAL_ITEMS = 3
_QUOTE_FIELDS = r"quotes?|evidence|excerpts?|citations?|because|reason|why"
_CONFIDENCE_FIELDS = r"confidence|certainty|fidelity"
_FORMATS = {
    "date": "2026-11-21",
    "date-time": "2026-11-21T09:30:00Z",
    "time": "09:30:00Z",
    "email": "somebody@example.com",
    "uri": "https://example.com/",
    "uuid": "6f1d7c3e-2a54-4b8e-9f0a-5d2c8e7b1a90",
}
_MORE = " And there is more to say about that."


@dataclass(frozen=True)
class Place:
    """Where a value stands: the names around it from the inside out, and its place in a list."""

    names: tuple[str, ...] = ()
    index: int = 0

    def field(self, name: str) -> "Place":
        return Place((name, *self.names), self.index)

    def item(self, index: int) -> "Place":
        return Place(self.names, index)

    def __str__(self) -> str:
        return f"{'.'.join(self.names)} {self.index}"


class Form:
    """A schema to fill in, and the prompt to fill it in from."""

    def __init__(
        self, schema: Schema, reading: Reading, fit: Fit, manner: str | None = None
    ) -> None:
        self._root = schema
        self._reading = reading
        self._fit = fit
        self._manner = manner

    def fill(self) -> Any:
        return self._value(self._root, Place())

    def _value(self, schema: Schema, place: Place) -> Any:
        schema = self._plain(schema, place)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"], place)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        writers = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
            "boolean": self._boolean,
        }
        return writers[kind](schema, place) if kind in writers else None

    def _plain(self, schema: Schema, place: Place) -> Schema:
        """Follow references and take one branch of every choice."""
        while branches := [key for key in ("$ref", "allOf", "anyOf", "oneOf") if key in schema]:
            key = branches[0]
            rest = {name: value for name, value in schema.items() if name != key}
            if key == "$ref":
                schema = {**self._referred(schema[key]), **rest}
            elif key == "allOf":
                schema = _merged([rest, *schema[key]])
            else:
                schema = {**rest, **self._branch(schema[key], place)}
        return schema

    def _referred(self, reference: str) -> Schema:
        found: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return dict(found)

    def _branch(self, branches: list[Schema], place: Place) -> Schema:
        def is_null(branch: Schema) -> bool:
            return branch.get("type") == "null"

        ends_here = len(place.names) >= _DEEPEST
        return next((branch for branch in branches if is_null(branch) == ends_here), branches[0])

    def _object(self, schema: Schema, place: Place) -> dict[str, Any]:
        properties: dict[str, Schema] = schema.get("properties", {})
        about = tuple(self._named_trait(properties, place))
        inside = Place((*about, *place.names), place.index)
        filled = {name: self._value(part, inside.field(name)) for name, part in properties.items()}
        extra = schema.get("additionalProperties")
        if not properties and isinstance(extra, Mapping):
            for index in range(max(1, schema.get("minProperties", 1))):
                name = prose.write(self._reading, ("topic",), index)
                filled[name] = self._value(extra, place.field(name).item(index))
        return filled

    def _named_trait(self, properties: Mapping[str, Schema], place: Place) -> list[str]:
        """Say which trait a list's item is about, when one of its fields says so by an enum."""
        for name, part in properties.items():
            options = self._plain(part, place).get("enum", [])
            if options and all(facet_named([str(option)]) for option in options):
                return [str(self._choice(options, place.field(name)))]
        return []

    def _array(self, schema: Schema, place: Place) -> list[Any]:
        fixed: list[Schema] = schema.get("prefixItems", [])
        items = schema.get("items")
        if not isinstance(items, Mapping):
            return [self._value(part, place.item(index)) for index, part in enumerate(fixed)]
        properties = self._plain(items, place).get("properties", {})
        if "sentence" in properties:
            return [self._claim(properties, sentence, place) for sentence in portray(self._reading)]
        if {"item", "answer"} <= properties.keys() and self._reading.statements:
            answers = answer_statements(self._reading, self._manner)
            return [{"item": number, "answer": answer} for number, answer in answers.items()]
        usual = self._usual_items(items, place)
        count = max(schema.get("minItems", 0), min(usual, schema.get("maxItems", usual)))
        if len(place.names) >= _DEEPEST:
            count = schema.get("minItems", 0)
        parts = [*fixed, *[items] * count][: max(count, len(fixed))]
        return [self._value(part, place.item(index)) for index, part in enumerate(parts)]

    def _claim(
        self, properties: Mapping[str, Schema], sentence: Sentence, place: Place
    ) -> dict[str, Any]:
        """Say what a sentence of the summary rests on: a trait, a quote, or both."""
        options = self._plain(properties.get("trait", {}), place).get("enum", [])
        facets = {option: facet_named([str(option)]) for option in options}
        trait = next((name for name, each in facets.items() if each == sentence.facet), None)
        claim = {"sentence": sentence.text, "quote": sentence.quote}
        return claim | {"trait": trait if sentence.facet else None}

    def _usual_items(self, items: Schema, place: Place) -> int:
        properties = self._plain(items, place).get("properties", {})
        about_traits = self._named_trait(properties, place) if properties else []
        return len(TRAITS) if about_traits else _USUAL_ITEMS

    def _choice(self, options: list[Any], place: Place) -> Any:
        reading = self._reading
        if reading.tone in options:
            return reading.tone
        words = reading.description.casefold()
        said = [option for option in options if str(option).casefold() in words]
        if said and place.index == 0 and len(str(said[0])) > 1:
            return said[0]
        start = 0 if facet_named(map(str, options)) else reading.chance.below(str(place), 97)
        return options[(start + place.index) % len(options)]

    def _string(self, schema: Schema, place: Place) -> str:
        if (stated := schema.get("format")) in _FORMATS:
            return _FORMATS[stated]
        name = place.names[0] if place.names else ""
        writer = (
            prose.write_quote if re.fullmatch(_QUOTE_FIELDS, name, re.IGNORECASE) else prose.write
        )
        text = self._fit(writer(self._reading, place.names, place.index), schema)
        if (pattern := schema.get("pattern")) is None:
            return text
        slug = re.sub(r"\W+", "_", text.casefold()).strip("_")
        candidates = (text, slug, slug.replace("_", "-"), slug.replace("_", ""), "1", "a", "A")
        return next((word for word in candidates if re.search(pattern, word)), text)

    def _number(self, schema: Schema, place: Place) -> float:
        step = schema.get("multipleOf", 1 if schema.get("type") == "integer" else 0.01)
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0 - step) + step)
        roof = 10 if schema.get("type") == "integer" else 1
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, roof) + step) - step)
        value = low + (high - low) * self._share(place)
        rounded = min(max(round(value / step) * step, low), high)
        return int(rounded) if schema.get("type") == "integer" else round(rounded, 6)

    def _share(self, place: Place) -> float:
        reading = self._reading
        if place.names and re.fullmatch(_CONFIDENCE_FIELDS, place.names[0], re.IGNORECASE):
            return reading.chance.between(str(place), 0.6, 0.9)
        if (facet := facet_named(place.names)) is not None:
            return facet.score(reading.description, reading.chance)
        return reading.chance.between(str(place), 0.2, 0.9)

    def _boolean(self, _schema: Schema, place: Place) -> bool:
        return place.names[:1] != ("emoji",) and self._reading.chance.pick(
            str(place), (True, False)
        )


def _merged(parts: list[Schema]) -> Schema:
    merged: dict[str, Any] = {}
    for part in parts:
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        merged = {**merged, **part} | ({"properties": properties} if properties else {})
    return merged


def fit_length(text: str, schema: Schema) -> str:
    """Cut between words, or go on, until the text has the length that is asked for."""
    shortest: int = schema.get("minLength", 0)
    longest: int = schema.get("maxLength", sys.maxsize)
    while len(text) < shortest:
        text += _MORE
    if len(text) <= longest:
        return text
    head = text[:longest]
    cut = head.rpartition(" ")[0].rstrip(" ,;:—-“(")
    return cut if len(cut) >= max(shortest, 1) else head


def exceed_length(text: str, schema: Schema) -> str:
    """Go on far beyond the length that is asked for."""
    return text + _MORE * (int(schema.get("maxLength", 5_000)) // len(_MORE) + 50)
