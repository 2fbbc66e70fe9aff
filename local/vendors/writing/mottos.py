"""One line to live by, in each of four tones."""

from local.vendors.writing.reading import Reading

_MOTTOS = {
    "neutral": (
        "First {topic}, then everything else.",
        "One day at a time, and {topic} every day.",
        "Make room for {topic}.",
        "Begin with {topic} and keep going.",
        "What matters is close by: {topic}, for a start.",
    ),
    "sarcastic": (
        "Oh good, {topic}. The world was running low.",
        "Do go on. I only have {topic} and the rest of my life.",
        "I would apologise for {topic}, but then I would have to mean it.",
        "By all means, hurry. {Topic} can wait for people like you.",
        "Yes, {topic} again. Try to contain your excitement.",
    ),
    "comical": (
        "In case of emergency, break out {topic}.",
        "Powered by {topic} and questionable snacks.",
        "Give me {topic} or give me a nap.",
        "My other hobby is also {topic}.",
        "I put the fun in {topic}, and then I lost it there.",
    ),
    "sombre": (
        "Everything ends. In the meantime, {topic}.",
        "The lights go out one by one. Remember {topic}.",
        "In the end there is {topic}, and then the quiet.",
        "Even {topic} will be silent one day.",
        "I kept {topic}; the years kept the rest.",
    ),
}


def write_motto(reading: Reading) -> str:
    pattern = reading.chance.pick("motto", _MOTTOS[reading.tone])
    topic = reading.chance.pick("motto topic", reading.topics[:4])
    return pattern.format(topic=topic.casefold(), Topic=topic.capitalize())
