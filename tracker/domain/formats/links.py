"""Carriers' own tracking links, as QR codes on their labels and in their messages have them.

A template says where the number stands, `{}`: in a parameter (`ups.com?tracknum={}`), in the path or the fragment
behind a segment (`qazpost.kz/tracking/{}`, whatever stands before it), or as the fragment (`pochta.ru#{}`). `-` behind
it: it ends at the first hyphen. Hosts count with and without `www.`, and small and capital letters are the same. The
host says whose number it is, so only formats of its carriers are tried, besides S10 and SSCC, which many carry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ANYONES: Final = ("s10", "gs1")
"""Carriers whose numbers stand in the links of every other."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a carrier's links have the number.

    Args:
        template: host and place, in the notation above.
        carriers: whose formats are tried, besides `ANYONES`.
        source: where it is documented.
    """

    template: str
    carriers: tuple[str, ...]
    source: str

    @property
    def host(self) -> str:
        """The host, in small letters and without `www.`."""
        return self.template[: self._at]

    @property
    def kind(self) -> str:
        """`?` a parameter, `/` behind a segment, `#` the fragment."""
        return self.template[self._at]

    @property
    def name(self) -> str:
        """The parameter or the segment, in small letters; empty: the first segment, or the fragment."""
        return self.template[self._at + 1 : self.template.index("{}")].rstrip("=/").lower()

    @property
    def ends_at_hyphen(self) -> bool:
        """Whether the number ends at the first hyphen."""
        return self.template.endswith("{}-")

    @property
    def _at(self) -> int:
        return min(self.template.index(mark) for mark in "?/#" if mark in self.template)


_DATA: Final = "jkeen/tracking_number_data 2.0.0, tracking_url"
_WOO: Final = "providers of WooCommerce Shipment Tracking"
_PAGE: Final = "the carrier's tracking page"
_SHOPS: Final = "links to the carrier's page in public code of shops and trackers"


def _links(carriers: str, source: str, *templates: str) -> Iterator[Link]:
    return (Link(template, tuple(carriers.split()), source) for template in templates)


LINKS: Final = (
    *_links("ups usps", _DATA, "wwwapps.ups.com?tracknums={}"),
    *_links("ups usps", _WOO, "wwwapps.ups.com?inquirynumber1={}", "ups.com?tracknums={}", "ups.com?inquirynumber1={}"),
    *_links("ups usps", _PAGE, "ups.com?tracknum={}", "wwwapps.ups.com?tracknum={}"),
    *_links("ups usps", _SHOPS, "ups.com?trackingnumber={}", "m.ups.com?trackingnumber={}", "ups.com/track/{}"),
    *_links("usps", _DATA, "tools.usps.com?tlabels={}"),
    *_links("usps", _SHOPS, "tools.usps.com?origtracknum={}", "m.usps.com?tlabels={}", "usps.com?tlabels={}"),
    *_links("usps", _WOO, "tools.usps.com?qtc_tlabels1={}", "tools.usps.com?strorigtracknum={}"),
    *_links("fedex usps", _DATA, "fedex.com?tracknumbers={}"),
    *_links("fedex usps", _PAGE, "fedex.com?trknbr={}", "fedex.com?trackingnumber={}"),
    *_links("fedex usps", _SHOPS, "fedex.com?tracknumber_list={}"),
    *_links("dhl deutsche_post", _DATA, "dhl.com?awb={}"),
    *_links("dhl deutsche_post", _PAGE, "dhl.com?tracking-id={}", "dhl.de?piececode={}", "dhl.de?idc={}"),
    *_links("dhl deutsche_post", _WOO, "nolp.dhl.de?idc={}", "nolp.dhl.de?piececode={}"),
    *_links("dhl deutsche_post", _SHOPS, "mydhl.express.dhl?id={}", "mydhl.express.dhl?tracking-id={}"),
    *_links(
        "dhl usps", _SHOPS, "webtrack.dhlglobalmail.com?trackingnumber={}", "webtrack.dhlecs.com?trackingnumber={}"
    ),
    *_links("dhl postnl", _SHOPS, "my.dhlparcel.nl/tracktrace/{}", "dhlparcel.nl?tc={}"),
    *_links("deutsche_post dhl", _PAGE, "deutschepost.de?piececode={}"),
    *_links("deutsche_post dhl", _SHOPS, "deutschepost.de?form.sendungsnummer={}"),
    *_links("yodel", _DATA, "yodel.co.uk/tracking/{}"),
    *_links("yodel", _PAGE, "yodel.co.uk?parcelnumber={}"),
    *_links("yodel", _SHOPS, "yodel.co.uk/track/{}"),
    *_links("dpd", _DATA, "dpdgroup.com?parcelnumber={}"),
    *_links("dpd", _WOO, "tracking.dpd.de?query={}", "tracking.dpd.de?pknr={}", "track.dpdnl.nl?parcelnumber={}"),
    *_links("dpd", _WOO, "tracktrace.dpd.com.pl?p1={}", "dpd.co.uk?search.parcelnumber={}"),
    *_links("dpd", _PAGE, "tracking.dpd.de/parcel/{}", "my.dpd.de?parcelno={}", "track.dpd.co.uk/parcels/{}"),
    *_links("dpd", _PAGE, "dpd.com?parcelnumber={}", "tracking.dpd.cz?query={}"),
    *_links("dpd", _SHOPS, "trace.dpd.fr/trace/{}", "dpd.fr/trace/{}", "trace.dpd.fr/parceldetails/{}"),
    *_links("dpd", _SHOPS, "dpd.co.uk?reference={}", "dpd.co.uk?parcel={}", "tracking.dpd.ie?consignmentnumber={}"),
    *_links("dpd", _SHOPS, "my.dpd.at?parcelno={}", "mydpd.at?parcelnumber={}"),
    *_links("gls", _PAGE, "gls-group.eu/track/{}", "gls-group.eu?match={}", "gls-group.com/track/{}"),
    *_links("gls", _PAGE, "gls-group.com?match={}"),
    *_links("gls", _WOO, "gls-group.eu?txtrefno={}"),
    *_links("gls", _SHOPS, "gls-pakete.de?match={}"),
    *_links("evri hermes", _PAGE, "evri.com/parcel/{}", "evri.com/track-parcel/{}"),
    *_links("hermes evri", _PAGE, "myhermes.de#{}"),
    *_links("hermes evri", _WOO, "tracking.hermesworld.com?trackid={}"),
    *_links("evri hermes", _SHOPS, "myhermes.co.uk/parcel/{}", "new.myhermes.co.uk/parcel/{}"),
    *_links("evri hermes", _SHOPS, "myhermes.co.uk?trackingnumber={}"),
    *_links("parcelforce", _WOO, "parcelforce.com?tracknumber={}"),
    *_links("parcelforce", _SHOPS, "parcelforce.com?parcel_tracking_number={}"),
    *_links("la_poste", _PAGE, "laposte.fr?code={}"),
    *_links("la_poste", _WOO, "colissimo.fr?colispart={}"),
    *_links("postnord", _PAGE, "postnord.se?shipmentid={}", "tracking.postnord.com?id={}"),
    *_links("postnord", _SHOPS, "postnord.dk?shipmentid={}", "portal.postnord.com/details/{}"),
    *_links("posti", _WOO, "posti.fi?shipmentid={}"),
    *_links("posti", _SHOPS, "posti.fi/lahetys/{}"),
    *_links("poczta_polska", _WOO, "emonitoring.poczta-polska.pl?numer={}"),
    *_links("packeta", _PAGE, "tracking.packeta.com?id={}"),
    *_links("packeta", _SHOPS, "tracking.packeta.com/{}", "tracking.packeta.com/en/{}", "tracking.packeta.com/cs/{}"),
    *_links("postnl", _PAGE, "jouw.postnl.nl/track-and-trace/{}-", "postnl.nl?b={}"),
    *_links("postnl", _WOO, "mijnpakket.postnl.nl?barcode={}"),
    *_links("postnl", _SHOPS, "jouw.postnl.nl/track-en-trace/{}", "internationalparceltracking.com/track/{}"),
    *_links("swiss_post", _PAGE, "post.ch?formattedparcelcodes={}", "swisspost.ch?formattedparcelcodes={}"),
    *_links("swiss_post", _PAGE, "service.post.ch?formattedparcelcodes={}"),
    *_links("swiss_post", _SHOPS, "service.post.ch/search/{}"),
    *_links("inpost", _WOO, "inpost.pl?number={}"),
    *_links("russian_post", _PAGE, "pochta.ru#{}", "pochta.ru?barcode={}"),
    *_links("sf", _PAGE, "sf-express.com/waybill-detail/{}", "sf-express.com?billcodes={}"),
    *_links("sf", _SHOPS, "sf-express.com/bill-number/{}"),
    *_links("four_px", _SHOPS, "track.4px.com/0/{}", "track.4px.com/query/{}", "m-track.4px.com/details/{}"),
    *_links("cainiao yunexpress", _PAGE, "global.cainiao.com?mailnolist={}", "global.cainiao.com?mailno={}"),
    *_links("yunexpress", _DATA, "yuntrack.com?id={}"),
    *_links("yunexpress", _PAGE, "yuntrack.com/detail/{}"),
    *_links("canada_post", _DATA, "canadapost-postescanada.ca?searchfor={}"),
    *_links("canada_post", _WOO, "canadapost.ca?trackingnumber={}"),
    *_links("canada_post", _SHOPS, "canadapost-postescanada.ca/details/{}", "canadapost.ca/details/{}"),
    *_links("canada_post", _SHOPS, "canadapost.ca?searchfor={}"),
    *_links("canpar", _DATA, "canpar.com?reference={}"),
    *_links("canpar", _SHOPS, "canpar.com?barcode={}"),
    *_links("purolator", _DATA, "purolator.com?searchvalue={}"),
    *_links("purolator", _PAGE, "purolator.com?pin={}", "purolator.com?pins={}"),
    *_links("australia_post", _PAGE, "auspost.com.au/details/{}"),
    *_links("australia_post", _WOO, "auspost.com.au?id={}"),
    *_links("australia_post", _SHOPS, "auspost.com.au?q={}"),
    *_links("amazon", _PAGE, "track.amazon.com/tracking/{}"),
    *_links("amazon", _SHOPS, "track.amazon.com?trackingid={}"),
    *_links("ontrac lasership", _DATA, "ontrac.com?number={}"),
    *_links("ontrac lasership", _WOO, "ontrac.com?tracking={}", "ontrac.com?tracking_number={}"),
    *_links("lasership ontrac", _PAGE, "lasership.com/track/{}", "lasership.com?track_number_input={}"),
    *_links("landmark", _DATA, "track.landmarkglobal.com?search={}"),
    *_links("landmark", _SHOPS, "track.landmarkglobal.com?trck={}"),
    *_links("old_dominion", _DATA, "odfl.com?pronumbers={}"),
    *_links("speedee", _DATA, "speedeedelivery.com?tracking={}"),
    *_links("speedee", _SHOPS, "speedeedelivery.com?barcode={}"),
    *_links("gofo", _DATA, "gofoexpress.com?searchid={}"),
    # Posts, whose items have S10 numbers.
    *_links("", _PAGE, "qazpost.kz/tracking/{}", "post.kz/track/{}", "track.post.kz/{}", "track.kazpost.kz/{}"),
    *_links("", _PAGE, "track.post.kz/v2/{}"),
    *_links("", _PAGE, "royalmail.com/tracking-results/{}", "belpost.by?number={}", "track.ukrposhta.ua?barcode={}"),
    *_links("", _WOO, "royalmail.com?tracknumber={}", "track.anpost.ie?items={}"),
    *_links("", _WOO, "post.at?pnum1={}", "nzpost.co.nz?trackid={}"),
    *_links("", _WOO, "ceskaposta.cz?barcode={}"),
    *_links("", _PAGE, "post.at?snr={}", "correos.es?tracking-number={}"),
    *_links("", _PAGE, "track.bpost.cloud?itemcode={}", "trackings.post.japanpost.jp?reqcodeno1={}"),
    *_links("", _PAGE, "track.yw56.com.cn?nums={}"),
    *_links(
        "",
        _SHOPS,
        "track.kazpost.kz/v2/{}",
        "track.ukrposhta.ua/{}",
        "ukrposhta.ua?barcode={}",
        "webservices.belpost.by/searchen/{}",
    ),
    *_links("", _SHOPS, "poste.it/risultati-spedizioni/{}", "ctt.pt?objects={}", "track.bpost.be?itemcode={}"),
    *_links(
        "", _SHOPS, "sporing.posten.no/sporing/{}", "sporing.bring.no/sporing/{}", "tracking.bring.com/tracking/{}"
    ),
    *_links("", _SHOPS, "omniva.ee?barcode={}", "omniva.ee/track/{}", "minu.omniva.ee/track/{}"),
    *_links("", _SHOPS, "nzpost.co.nz/item/{}", "trackings.post.japanpost.jp?requestno1={}"),
    *_links("", _SHOPS, "service.epost.go.kr?post_code={}", "chronopost.fr?listenumeroslt={}"),
    *_links("posta_moldovei", _SHOPS, "posta.md?id={}"),
)
"""Every link form; templates are in small letters."""
