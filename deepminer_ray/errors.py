"""The one error a user is meant to see."""


class BadInput(ValueError):  # noqa: N818 (it is the input that is bad, not the program)
    """A request that cannot be carried out; its text is one sentence saying what is wrong and what to do."""
