"""What `make test` says of coverage at its end."""

from tests.covered import summary


def of(**percents: float) -> list[str]:
    """The summary of modules with so many percent of their statements run."""
    files = {name: {"summary": {"percent_covered": percent}} for name, percent in percents.items()}
    return summary({"files": files, "totals": {"percent_covered": 87.654, "num_statements": 7563}})


def test_modules_below_the_least_are_named_the_lowest_first_and_the_total_comes_last() -> None:
    assert of(a=79.9, b=100.0, c=0.0, d=80.0) == [
        "coverage: modules of which less than 80 % of the statements ran:",
        "    0 %  c",
        "   79 %  a",
        "coverage: 87.7 % of the 7,563 statements in 4 modules of tracker",
    ]


def test_where_all_have_enough_there_is_the_total_alone() -> None:
    assert of(a=80.0, b=100.0) == ["coverage: 87.7 % of the 7,563 statements in 2 modules of tracker"]
