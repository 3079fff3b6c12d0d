"""What a world ends with when something is wrong in it."""


class Violation(AssertionError):
    """The store is not the fold of a prefix of its log, or a partition does not end as it must."""
