"""Why a command cannot go on: what the operator reads instead of a traceback."""


class CommandError(Exception):
    """Something that an operator has to put right; its text is one sentence."""
