"""Every barcode format that the project reads, a file a carrier or a group of small ones.

To add one: write its `Format` in a file beside the others, and add it at the end of `FORMATS`. The compiled reader and
docs/barcodes.md are made from these.
"""

from typing import Final

from tracker.domain.formats import (
    amazon,
    australia_post,
    canada,
    central_europe,
    china,
    cis,
    deutsche_post,
    dhl,
    dpd,
    europe,
    fedex,
    licence_plate,
    regional,
    ups,
    upu,
    usps,
)
from tracker.domain.formats.format import Format
from tracker.domain.formats.s10 import S10
from tracker.domain.formats.sscc import SSCC

FORMATS: Final[tuple[Format, ...]] = (
    S10,
    SSCC,
    *(ups.UPS_1Z, ups.UPS_WAYBILL),
    *(usps.USPS_IMPB_N, usps.USPS_IMPB_C, usps.USPS_LEGACY, usps.USPS_20),
    *(fedex.FEDEX_12, fedex.FEDEX_34, fedex.FEDEX_ASTRA_32, fedex.FEDEX_GROUND_15, fedex.FEDEX_GROUND_96),
    *(fedex.FEDEX_GROUND_GSN, fedex.FEDEX_GROUND_SSCC),
    *(dhl.DHL_EXPRESS, dhl.DHL_PIECE, dhl.DHL_ECOMMERCE, dhl.DHL_ECOMMERCE_14),
    *(deutsche_post.IDENTCODE, deutsche_post.LEITCODE),
    dpd.DPD,
    *(europe.GLS, europe.GLS_TRACK_ID, europe.POSTNL_3S, europe.SWISS_POST, europe.INPOST, europe.YODEL),
    *(cis.RUSSIAN_DOMESTIC, cis.MOLDOVA_DOMESTIC),
    *(china.SF, china.CAINIAO_LP, china.YUNEXPRESS, china.YTO),
    australia_post.AUSTRALIA_POST,
    *(canada.CANADA_POST, canada.CANPAR, canada.PUROLATOR, canada.PUROLATOR_ALPHA),
    *(amazon.AMAZON_LOGISTICS, amazon.AMAZON_INTERNATIONAL),
    *(regional.ONTRAC_C, regional.ONTRAC_D),
    *(regional.LASERSHIP_LX, regional.LASERSHIP_1LS7_15, regional.LASERSHIP_1LS7_18, regional.LASERSHIP_1LSCX),
    *(regional.LANDMARK_LTN, regional.OLD_DOMINION, regional.OLD_DOMINION_GUARANTEED),
    *(regional.SPEEDEE, regional.GOFO),
    ups.UPS_MAXICODE,
    licence_plate.LICENCE_PLATE,
    *(upu.S9, upu.S8),
    *(fedex.FEDEX_20, ups.UPS_MAIL_INNOVATIONS, regional.ONTRAC_LS, dpd.DPD_POLAND),
    *(europe.GLS_11, europe.EVRI, europe.HERMES, europe.PARCELFORCE, europe.COLISSIMO, europe.POSTNORD, europe.POSTI),
    *(central_europe.PACKETA, central_europe.POCZTEX),
    *(china.CAINIAO_CNG, china.FOUR_PX),
)
"""Append only: a format's index here is its number in packed results."""

__all__ = ["FORMATS", "S10", "SSCC", "Format"]
