"""What a world ends with when something is wrong in it."""


class Violation(AssertionError):
    """The store is not the fold of a prefix of its log, a partition goes on or stops when it must not, or none of it
    comes to an end.
    """
