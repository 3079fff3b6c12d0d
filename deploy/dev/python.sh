#!/bin/sh
# Prints the newest Python from 3.11 to 3.14 on the PATH that can make a virtual environment and compile extensions.
# A name on the PATH may be a shim that does not run, so each is tried.
suitable='
import sys, sysconfig, os, venv, ensurepip
assert (3, 11) <= sys.version_info[:2] <= (3, 14)
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
'
IFS=:
for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
    for folder in $PATH; do
        if [ -x "$folder/$name" ] && "$folder/$name" -c "$suitable" 2>/dev/null; then
            echo "$folder/$name"
            exit 0
        fi
    done
done
echo "no Python 3.11 to 3.14 with venv and headers: apt-get install python3-dev python3-venv, or make PYTHON=..." >&2
exit 1
