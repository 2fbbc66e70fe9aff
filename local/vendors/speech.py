"""A voice without words: one soft tone for each word, so that longer texts sound longer."""

import io
import math
import wave
from array import array
from functools import lru_cache

from local.vendors.chance import Chance

_RATE = 16_000
_NOTE_SECONDS = 0.24
_PAUSE_SECONDS = 0.03
_MOST_WORDS = 250
_LOUDNESS = 9_000
_PENTATONIC = (220.0, 247.5, 277.2, 330.0, 370.0, 440.0, 495.0)


def speak(text: str, voice: str) -> bytes:
    """Return WAV, the same for the same text and voice."""
    chance = Chance(f"{voice} {text}")
    samples = array("h")
    for index, _ in enumerate(text.split()[:_MOST_WORDS] or [""]):
        samples += _note(chance.pick(f"note {index}", _PENTATONIC))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


@lru_cache(maxsize=len(_PENTATONIC))
def _note(pitch: float) -> "array[int]":
    length = int(_RATE * _NOTE_SECONDS)
    samples = array("h")
    for index in range(length):
        turn = math.tau * pitch * index / _RATE
        tone = math.sin(turn) + 0.3 * math.sin(2 * turn) + 0.1 * math.sin(3 * turn)
        swell = math.sin(math.pi * index / length) ** 2
        samples.append(int(_LOUDNESS * swell * tone))
    samples.extend([0] * int(_RATE * _PAUSE_SECONDS))
    return samples
