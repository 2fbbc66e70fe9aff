"""The words that a portrait understands, as regular expressions by what they mean."""

SCENES = {
    "circuit": r"robots?|androids?|computers?|cod(?:er|ers|ing)|program\w+|software|engineers?",
    "sea": r"seas?|ocean|sail\w*|captain|ships?|harbour|fisher\w*|surf\w*|island|beach|whales?",
    "night": r"nights?|stars?|moon\w*|astronom\w*|insomnia\w*|dream\w*|midnight|space|planets?",
    "library": r"books?|librar\w*|read(?:s|er|ing)|scholar|poet\w*|novel\w*|writers?|professor",
    "forest": r"forests?|trees?|woods?|garden\w*|plants?|botan\w*|hik(?:es|er|ing)|birds?|moss",
    "mountains": r"mountain\w*|climb\w*|snow\w*|ski(?:s|er|ing)?|peaks?|valley|alpine|shepherd",
    "city": r"city|urban|streets?|architect\w*|lawyer|banker|taxi|caf[ée]s?|barista|jazz|skyline",
    "sunset": r"sun(?:ny|set|shine)?|desert|summer|cheerful|travel\w*|optimis\w*",
}
FEMININE = r"she|her|hers|woman|girl|lady|grandmother|mother|sister|queen|aunt|actress|witch"
MASCULINE = r"he|his|him|man|boy|gentleman|grandfather|father|brother|king|uncle|wizard"
OLD = r"old|older|elderly|aged|retired|grand(?:mother|father|ma|pa)|granny|ancient|veteran"
ROBOT = r"robots?|androids?|cyborgs?|machine"
SKINS = {
    "#6b4430": r"dark[- ]skin(?:ned)?|black (?:man|woman|person)",
    "#8c5a3c": r"brown[- ]skin(?:ned)?",
    "#f8dfcc": r"pale|fair[- ]skin(?:ned)?",
    "#cf9470": r"tanned|weathered",
}
EYES = {
    "#4f83b8": r"blue[- ](?:\w+ )?eye[sd]?",
    "#4f8a5a": r"green[- ](?:\w+ )?eye[sd]?",
    "#6b4628": r"brown[- ](?:\w+ )?eye[sd]?",
    "#7b8794": r"gr[ae]y[- ](?:\w+ )?eye[sd]?",
}
HAIR = r"hair\w*|curls|bob|bun|beard|braids?|afro|mou?stache"
HAIR_COLOURS = {
    "#b4472a": "red|redhead|ginger|auburn|copper",
    "#dfb766": "blonde?|golden|fair",
    "#27212a": "black|raven",
    "#6a432b": "brown|chestnut|brunette",
    "#f0ece6": "white",
    "#bdb9bb": "gr[ae]y|silver",
    "#4468b8": "blue",
    "#dc7ba5": "pink",
    "#4f9a72": "green",
    "#7c56a8": "purple|violet",
}
HAIR_STYLES = {
    "bald": r"bald|bald-headed|shaved head",
    "afro": r"afro",
    "curly": r"curls|curly|tousled|wild hair",
    "bun": r"bun|topknot|ballerina|librarian",
    "long": r"long(?: \w+)? hair|flowing hair|wavy hair|braids?",
    "bob": r"bob|bobbed|fringe",
    "crop": r"crew cut|buzz cut|cropped hair|soldier",
    "quiff": r"quiff|pompadour|short hair",
}
FACIAL_HAIR = {
    "beard": r"beard|bearded|wizard",
    "moustache": r"mou?stache|whiskers",
    "stubble": r"stubble|unshaven",
}
SMOOTH_CHIN = r"clean[- ]shaven|boy|child|kid|teen\w*"
HATS = {
    "captain": r"captain|sailor|admiral",
    "crown": r"king|queen|prince|princess|crown",
    "wizard": r"wizard|witch|magician|sorcer\w+",
    "beanie": r"beanie|knitted cap|fisher\w*|skater",
    "cap": r"cap|baseball|driver|courier",
    "brim": r"hat|fedora|detective|cowboy|explorer|farmer",
}
GARMENTS = {
    "stripes": r"striped?|stripes|sailor|mime|french",
    "suit": r"suit|tie|lawyer|banker|professor|butler|office|detective|waiter|scholar",
    "turtleneck": r"turtleneck|poet|philosopher|artist|architect|critic|designer",
    "hoodie": r"hoodie|hacker|coder|student|skater|gamer|programmer",
    "scarf": r"scarf|winter|snow\w*|librarian|traveller|autumn",
}
MOUTHS = {
    "stern": r"stern|grumpy|serious|sombre|gloomy|strict|angry|sad|melanchol\w+|brooding",
    "grin": r"laugh\w*|grin\w*|joy\w*|cheerful|funny|comical|exuberant|jok(?:es?|er|ing)|playful",
}
SUNGLASSES = r"sunglasses|shades"
GLASSES = r"glasses|spectacles|bespectacled|librarian|professor|scholar"
FRECKLES = r"freckles?|freckled|ginger"
EARRINGS = r"earrings?|pirate"
