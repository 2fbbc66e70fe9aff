from chalicelib.core.errors import Forbidden


class OwnPersona(Forbidden):
    message = "This persona is your own. Let others vote for it, like it or report it."
