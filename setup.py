"""What of the build must be code: the compiled modules in ext/, built as tracker.domain._name.

TRACKER_BUILD=debug builds them with bounds checks, line tracing and an annotated page (ext/_name.html) each;
TRACKER_BUILD=sanitize builds them, and what tests/fuzz needs, with AddressSanitizer and UndefinedBehaviorSanitizer;
TRACKER_BUILD=none builds none, for an editable install whose extensions are built in place by a step of their own.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

BUILD = os.environ.get("TRACKER_BUILD", "")
DEBUG = BUILD == "debug"
SOURCES = [] if BUILD == "none" else sorted(Path("ext").glob("*.pyx"))
SOURCES += [Path("tests/fuzz/fuzz_entry.pyx")] if BUILD == "sanitize" else []
COMPILER_FLAGS = {
    "debug": ["-O0", "-g"],
    "sanitize": ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
}
LINKER_FLAGS = {"sanitize": ["-fsanitize=address,undefined"]}

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
        extra_compile_args=COMPILER_FLAGS.get(BUILD, ["-O3", "-g0"]),
        extra_link_args=LINKER_FLAGS.get(BUILD, []),
    )


setup(
    ext_modules=cythonize(  # type: ignore[no-untyped-call]
        [extension(source) for source in SOURCES],
        compiler_directives=DIRECTIVES,
        include_path=["ext"],
        annotate=DEBUG,
        force=DEBUG,
    ),
    options={"build_ext": {"parallel": True}},
)
