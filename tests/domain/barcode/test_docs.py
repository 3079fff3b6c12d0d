"""The page of barcodes is made from the formats."""

from pathlib import Path

from tracker.domain.barcode import docs
from tracker.domain.formats import FORMATS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "barcodes.md"


def test_the_page_is_the_one_that_the_formats_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == docs.page(), "run make pages"


def test_the_page_has_every_format_with_its_example_and_its_source() -> None:
    page = docs.page()
    for format_ in FORMATS:
        section = page.split(f"\n## {format_.name}\n")[1].split("\n## ")[0]
        assert format_.source in section
        assert f"`{format_.example.translate(docs.PICTURES)}`" in section
