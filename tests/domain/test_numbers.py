"""A compiled module is not imported beside a Python that has other numbers."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "change", "says"),
    [
        ("_barcode", "limits.ALIASES_MAX = 9", "limits.ALIASES_MAX is 9 in Python and 8 in ext/"),
        ("_gs1", "limits.ELEMENTS_MAX = 63", "limits.ELEMENTS_MAX is 63 in Python and 64 in ext/"),
        ("_parcel", "machine.NUMBER['UNDO'] = 33", "the number of UNDO is 33 in Python and 63 in ext/"),
        ("_scan", "limits.BARCODES_MAX = 33", "limits.BARCODES_MAX is 33 in Python and 32 in ext/"),
    ],
)
def test_a_module_with_other_numbers_is_refused(module: str, change: str, says: str) -> None:
    code = f"from tracker import limits\nfrom tracker.domain import machine\n{change}\nimport tracker.domain.{module}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert f"ImportError: {says}: change both, and build again" in ran.stderr
