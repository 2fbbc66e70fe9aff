"""A short list of what is plainly violent or sexual, and what a moderation model says of it."""

import re
from typing import Any

_PLAIN = {
    "harassment/threatening": r"i(?: will|'ll| am going to) (?:hurt|kill|find) you",
    "hate": r"(?:exterminate|eradicate|gas) (?:all|the|every)",
    "illicit/violent": r"(?:build|make|making) a (?:pipe )?bomb|how to poison",
    "self-harm": r"kill (?:myself|himself|herself)|suicide|cut(?:ting)? (?:myself|herself)",
    "sexual": r"porn\w*|nudes?|naked|erotic\w*|orgy|explicit sex\w*|nsfw",
    "violence": r"kill(?:s|ing)? (?:you|him|her|them|people|everyone)"
    r"|murder(?:s|ed|ing)?(?! myster)|massacre\w*|slaughter\w*|behead\w*|tortur\w+",
    "violence/graphic": r"gore|gory|dismember\w*|disembowel\w*|mutilat\w+|severed head",
}
_CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def violations(text: str) -> set[str]:
    words = text.casefold()
    found = {name for name, pattern in _PLAIN.items() if re.search(rf"\b(?:{pattern})\b", words)}
    return found | {name.partition("/")[0] for name in found}


def assess(text: str, *, is_flagged: bool = False) -> dict[str, Any]:
    """Answer as omni-moderation does; `is_flagged` flags a text that gives no reason."""
    found = violations(text) or ({"violence"} if is_flagged else set())
    return {
        "flagged": bool(found),
        "categories": {name: name in found for name in _CATEGORIES},
        "category_scores": {name: 0.97 if name in found else 0.0001 for name in _CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }
