"""The words of GS1's Core Business Vocabulary (CBV) 2.0, and the forms in which senders write them.

A word is written bare (`shipping`), as a web URI (`https://ref.gs1.org/cbv/BizStep-shipping`), as a URN as in EPCIS 1.2
(`urn:epcglobal:cbv:bizstep:shipping`) or as a prefixed name (`cbv:BizStep-shipping`). URIs of other owners are words of
their own; a bare word, and a word in CBV's own name, must be one of CBV.

What sensors measure is named by GS1's Web Vocabulary, which grows between versions of EPCIS: any word is taken.
"""

from dataclasses import dataclass
from typing import Final

from tracker.errors import shown
from tracker.ingest.epcis.checks import Refusal, as_text, is_uri


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one list of a vocabulary.

    Args:
        what: what it is a list of.
        bare: its words.
        owned: what the long forms of its words begin with.
    """

    what: str
    bare: frozenset[str]
    owned: tuple[str, ...]

    def __call__(self, value: object) -> None:
        """Checks a value."""
        self.read(as_text(value))

    def read(self, value: str) -> str:
        """A word in its bare form; the URI of another owner as it is.

        >>> BIZ_STEPS.read("https://ref.gs1.org/cbv/BizStep-shipping"), BIZ_STEPS.read("https://example.com/weighing")
        ('shipping', 'https://example.com/weighing')

        Raises:
            Refusal: `bad_value`.
        """
        word = next((value[len(each) :] for each in self.owned if value.startswith(each)), value)
        if word in self.bare:
            return word
        if word == value and is_uri(value):
            return value
        raise Refusal("bad_value", f"expected a {self.what} of CBV 2.0 or a URI of your own, got {shown(value)}")


def _cbv(what: str, urn: str, web: str, words: str) -> Words:
    """A list of CBV.

    Args:
        what: what it is a list of.
        urn: its name in URNs.
        web: its name in web URIs.
        words: its words.
    """
    owners = ("https://ref.gs1.org/cbv/", "http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "cbv:")
    owned = (f"urn:epcglobal:cbv:{urn}:", *(f"{owner}{web}-" for owner in owners))
    return Words(what, frozenset(words.split()), owned)


BIZ_STEPS: Final = _cbv(
    "business step",
    "bizstep",
    "BizStep",
    """accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping""",
)
"""CBV 2.0, section 7.1."""

DISPOSITIONS: Final = _cbv(
    "disposition",
    "disp",
    "Disp",
    """active available completeness_inferred completeness_verified conformant container_closed container_open damaged
    destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance
    mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed
    recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown""",
)
"""CBV 2.0, section 7.2."""

BIZ_TRANSACTIONS: Final = _cbv(
    "type of business transaction",
    "btt",
    "BTT",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)
"""CBV 2.0, section 7.3."""

PARTIES: Final = _cbv("type of source or destination", "sdt", "SDT", "owning_party possessing_party location")
"""CBV 2.0, section 7.4."""

ERROR_REASONS: Final = _cbv("reason of an error", "er", "ER", "did_not_occur incorrect_data")
"""CBV 2.0, section 7.5."""

COMPONENTS: Final = _cbv(
    "component of a measure",
    "comp",
    "Comp",
    """x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
    longitude altitude""",
)
"""CBV 2.0, section 7.6."""
