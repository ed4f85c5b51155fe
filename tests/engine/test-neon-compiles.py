#!/usr/bin/env python3
"""The kernels for ARM processors still compile (TAP), where their compiler is there: what all tiers share is
changed on machines of another kind."""
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{here}/arm")
import arm

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-parameter",
            "-Wno-missing-field-initializers"]
TIERS = {"neon": "-march=armv8.2-a+dotprod", "i8mm": "-march=armv8.2-a+dotprod+i8mm"}


def main():
    try:
        place = arm.folder(make=False)
    except arm.Missing as reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    compiler = arm.compiler(place)
    print(f"1..{len(TIERS)}", flush=True)
    failed = False
    for number, (tier, march) in enumerate(TIERS.items(), 1):
        ran = subprocess.run(compiler + WARNINGS + ["-std=c17", "-fsyntax-only", march, f"-I{arm.ROOT}/engine",
                                                    f"{arm.ROOT}/engine/cpu/kernels-{tier}.c"],
                             capture_output=True, text=True)
        for line in ran.stderr.splitlines()[:30]:
            print(f"# {line}")
        print(f"{'ok' if ran.returncode == 0 else 'not ok'} {number} - {tier}", flush=True)
        failed |= ran.returncode != 0
    return 1 if failed else 0


sys.exit(main())
