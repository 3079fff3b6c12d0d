"""The numbers on simulated parcels. Each has the right check digit and differs from all others of the same seed."""

from random import Random
from typing import Final

_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
_IMPORT_SERVICES: Final = ("RR", "RB", "LP", "LB", "EA", "EE", "CP", "CC", "UA", "HA")
"""UPU S10 service indicators: registered, tracked letters, EMS, parcels, small packets, e-commerce."""


def s10(number: int, country: str, random: Random) -> str:
    """A UPU S10 number (S10-12): service, serial, check digit, issuing country. Numbers up to 10**8 - 1 differ."""
    serial = f"{_scattered(number, 10**8):08}"
    rest = sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    check = (5, 0)[rest] if rest < 2 else 11 - rest
    return f"{random.choice(_IMPORT_SERVICES)}{serial}{check}{country}"


def sscc(number: int) -> str:
    """A GS1 SSCC of 18 digits. Numbers up to 10**9 - 1 differ."""
    body = f"04870{number // 10**9 % 1_000:03}{_scattered(number, 10**9):09}"
    total = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(body))
    return f"{body}{-total % 10}"


def ups(number: int) -> str:
    """A UPS 1Z number: shipper, service 67 (worldwide), package, check digit. Up to 10**10 - 1 they differ."""
    shipper = f"KZ{number // 10**7 % 10_000:04}"
    body = f"{shipper}67{_scattered(number, 10**7):07}"
    # Letters count (ASCII - 63) modulo 10; the second, fourth ... character counts twice.
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return f"1Z{body}{-total % 10}"


def _scattered(number: int, modulus: int) -> int:
    """Another number below a power of ten, for each its own: neighbours end up far apart."""
    # The factor is neither even nor a multiple of five, so this is a permutation.
    return (number * 61_803_399 + 20_260_101) % modulus
