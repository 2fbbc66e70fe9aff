"""What a prompt says about a face; what it leaves open is settled by chance."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.vendors.chance import Chance
from local.vendors.portrait import vocabulary
from local.vendors.portrait.colours import Colour, colour

_SKINS = ("#f6d7bf", "#efc3a4", "#e3ae8a", "#cf9470", "#b07650", "#8c5a3c", "#6b4430")
_HAIRS = ("#2b2226", "#43302b", "#5f3f2c", "#8a5a34", "#b98548", "#d9b36b", "#a4482c", "#6f6468")
_GREYS = ("#c9c6c6", "#e6e2dd", "#a8a4a8")
_EYES = ("#4a6b8a", "#5b7a4e", "#6b4a2f", "#3f3230", "#4f8a86")
_FEMININE_STYLES = ("long", "bob", "bun", "curly", "long", "afro")
_MASCULINE_STYLES = ("quiff", "crop", "parted", "curly", "parted", "quiff")
_FLAT_UNDER_A_HAT = {"afro": "bob", "bun": "bob", "curly": "parted", "quiff": "parted"}
_GARMENTS = ("crew neck", "suit", "turtleneck", "hoodie", "scarf", "v-neck")


@dataclass(frozen=True)
class Look:
    scene: str
    skin: Colour
    hair: Colour
    hair_style: str
    eyes: Colour
    jaw: float
    mouth: str
    garment: str
    glasses: str
    facial_hair: str
    hat: str
    is_old: bool
    is_robot: bool
    has_freckles: bool
    has_earrings: bool


def read_look(prompt: str, chance: Chance) -> Look:
    words = _Words(prompt, chance)
    is_old = words.say(vocabulary.OLD)
    hat = words.name_one_of(vocabulary.HATS)
    return Look(
        scene=words.name_one_of(vocabulary.SCENES),
        skin=colour(words.name_one_of(vocabulary.SKINS) or chance.pick("skin", _SKINS)),
        hair=colour(words.hair_colour() or chance.pick("hair", _GREYS if is_old else _HAIRS)),
        hair_style=words.hair_style(hat),
        eyes=colour(words.name_one_of(vocabulary.EYES) or chance.pick("eyes", _EYES)),
        jaw=chance.between("jaw", 0.86, 0.95) if words.is_feminine else 1,
        mouth=words.name_one_of(vocabulary.MOUTHS)
        or chance.pick("mouth", ("smile", "smile", "calm", "grin")),
        garment=words.name_one_of(vocabulary.GARMENTS) or chance.pick("garment", _GARMENTS),
        glasses=words.glasses(),
        facial_hair=words.facial_hair(),
        hat=hat,
        is_old=is_old,
        is_robot=words.say(vocabulary.ROBOT),
        has_freckles=words.say_or_chance(vocabulary.FRECKLES, 0.15),
        has_earrings=words.say_or_chance(vocabulary.EARRINGS, 0.4 if words.is_feminine else 0),
    )


class _Words:
    """A prompt under questions."""

    def __init__(self, prompt: str, chance: Chance) -> None:
        self._text = prompt.casefold()
        self._chance = chance
        feminine, masculine = self.say(vocabulary.FEMININE), self.say(vocabulary.MASCULINE)
        self._is_masculine = masculine and not feminine
        self.is_feminine = feminine and not masculine
        if feminine == masculine:
            self.is_feminine = chance.pick("feminine", (True, False))

    def say(self, pattern: str) -> bool:
        found = re.search(rf"(?<!\bno )(?<!\bwithout )\b(?:{pattern})\b", self._text)
        return found is not None

    def say_or_chance(self, pattern: str, share: float) -> bool:
        return self.say(pattern) or self._chance.unit(pattern) < share

    def name_one_of(self, meanings: Mapping[str, str]) -> str:
        """Return the first meaning whose words occur, or nothing."""
        return next((name for name, pattern in meanings.items() if self.say(pattern)), "")

    def hair_colour(self) -> str:
        for code, names in vocabulary.HAIR_COLOURS.items():
            if self.say(rf"(?:{names})[- ](?:\w+ )?(?:{vocabulary.HAIR})"):
                return code
            if self.say(rf"hair (?:is |was |of |dyed )?(?:{names})"):
                return code
        return ""

    def hair_style(self, hat: str) -> str:
        named = self.name_one_of(vocabulary.HAIR_STYLES)
        styles = _FEMININE_STYLES if self.is_feminine else _MASCULINE_STYLES
        style = named or self._chance.pick("hair style", styles)
        return _FLAT_UNDER_A_HAT.get(style, style) if hat else style

    def glasses(self) -> str:
        if self.say(vocabulary.SUNGLASSES):
            return "dark"
        if self.say_or_chance(vocabulary.GLASSES, 0.12):
            return self._chance.pick("frame", ("round", "square"))
        return ""

    def facial_hair(self) -> str:
        named = self.name_one_of(vocabulary.FACIAL_HAIR)
        if named or not self._is_masculine or self.say(vocabulary.SMOOTH_CHIN):
            return named
        return self._chance.pick("facial hair", ("", "", "", "stubble", "beard", "moustache"))
