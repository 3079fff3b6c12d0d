"""Australia Post: the article id of eParcel labels, alone or in their GS1 symbols behind (91)."""

from string import ascii_uppercase
from typing import Final

from tracker.domain.formats.checks import DIGIT_VALUES, WeightedSum
from tracker.domain.formats.format import Format, Pattern, Rank

_MERCHANTS: Final = ("an3", "an5")
_ARTICLE: Final = (
    "merchant:{merchant} serial:n7 article_count:n2 product:n5 service:n2 postage:n1 check_digit:n1"
)
_ARTICLES: Final = tuple(_ARTICLE.format(merchant=merchant) for merchant in _MERCHANTS)

AUSTRALIA_POST: Final = Format(
    name="australia_post",
    carrier="australia_post",
    rank=Rank.PLAIN,
    source="Australia Post eParcel labelling guide",
    example="7XX100000101000931405",
    texts=_ARTICLES,
    elements=tuple(Pattern(f"'91' < {article} >", rank=Rank.PARTNER) for article in _ARTICLES),
    printed="### ####### ## ##### ## # # ##",
    # A letter counts as the last digit of its ASCII code: A counts 5.
    check=WeightedSum(
        ("merchant", "serial", "article_count", "product", "service", "postage"),
        (3, 1),
        values={**DIGIT_VALUES, **{letter: ord(letter) % 10 for letter in ascii_uppercase}},
        from_right=True,
    ),
)
