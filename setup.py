"""What of the build must be code: the compiled modules in ext/, built as tracker.domain._name.

TRACKER_BUILD=debug builds them with bounds checks, line tracing and an annotated page (ext/_name.html) each.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("TRACKER_BUILD") == "debug"

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "cdivision": not DEBUG,
    "linetrace": DEBUG,
    "embedsignature": True,
}


def extension(source: Path) -> Extension:
    """Builds ext/_name.pyx as tracker.domain._name."""
    return Extension(
        f"tracker.domain.{source.stem}",
        [source.as_posix()],
        include_dirs=["ext"],
        define_macros=[("CYTHON_TRACE", "1")] if DEBUG else [],
        extra_compile_args=["-O0", "-g"] if DEBUG else ["-O3", "-g0"],
    )


setup(
    ext_modules=cythonize(
        [extension(source) for source in sorted(Path("ext").glob("*.pyx"))],
        compiler_directives=DIRECTIVES,
        include_path=["ext"],
        annotate=DEBUG,
        force=DEBUG,
    )
)
