from chalicelib.core.errors import Conflict


class NotReady(Conflict):
    message = (
        "A persona of this pair has no traits yet. Wait until it is `ready`, or have it made from "
        "a description or from friends' answers."
    )
