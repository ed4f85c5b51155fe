#!/usr/bin/env python3
"""The tiers' kernels compile with the other compiler, too (TAP): with it the fuzz targets are built. It wants numbers
that are part of an instruction to stand there, where gcc finds them out."""
import json
import os
import shlex
import shutil
import subprocess
import sys

# Of gcc alone, and what names files that would be written.
LEFT_OUT = ("--param", "-fsanitize", "-fdiagnostics-color", "-Wno-maybe-uninitialized")
WITH_A_FILE = ("-o", "-MF", "-MQ")


def commands(build):
    with open(f"{build}/compile_commands.json") as entries:
        for entry in json.load(entries):
            name = os.path.basename(entry["file"])
            if name.startswith("kernels-") and "/engine/cpu/" in os.path.abspath(f"{build}/{entry['file']}"):
                yield name, shlex.split(entry["command"])


def flags(command):
    """What it is compiled with, without the compiler and what it writes."""
    first = next(i for i, word in enumerate(command) if word.startswith("-"))
    words = iter(command[first:])
    for word in words:
        if word in WITH_A_FILE:
            next(words)
        elif not word.startswith(LEFT_OUT) and word not in ("-MD", "-c"):
            yield word


def main():
    build = os.environ["SOTTO_BUILD_DIR"]
    if shutil.which("clang") is None:
        print("1..0 # SKIP there is no clang")
        return 0
    found = sorted(commands(build))
    print(f"1..{len(found)}", flush=True)
    failed = not found
    for number, (name, command) in enumerate(found, 1):
        ran = subprocess.run(["clang", "-fsyntax-only", *flags(command)], cwd=build, capture_output=True, text=True)
        for line in ran.stderr.splitlines()[:30]:
            print(f"# {line}")
        print(f"{'ok' if ran.returncode == 0 else 'not ok'} {number} - {name}", flush=True)
        failed |= ran.returncode != 0
    return 1 if failed else 0


sys.exit(main())
