#!/usr/bin/env python3
"""The fixtures of families/ are what their maker makes (TAP): remade, they are the same to the byte.

Skipped where families/prepare was never run: it fetches 2.5 GB.
"""
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
families = f"{here}/families"
ENDINGS = (".gguf", ".logits", ".states", ".pooled", ".pictures", ".seen")

if subprocess.run([f"{families}/prepare", "--check"], stdout=subprocess.DEVNULL).returncode != 0:
    print("1..0 # SKIP the maker's tools are not there (tests/engine/families/prepare fetches them)")
    sys.exit(0)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([f"{families}/make", "--out", folder], stdout=subprocess.PIPE, text=True)
        for line in made.stdout.splitlines():
            print(f"# {line}")
        files = sorted(name for name in os.listdir(families)
                       if name.endswith(ENDINGS))
        print(f"1..{len(files) + 1}")
        failed = made.returncode != 0 or set(files) != set(os.listdir(folder))
        print(f"{'not ok' if failed else 'ok'} 1 - all are made")
        for number, name in enumerate(files, 2):
            same = os.path.exists(f"{folder}/{name}") and read(f"{folder}/{name}") == read(f"{families}/{name}")
            failed |= not same
            print(f"{'ok' if same else 'not ok'} {number} - {name}")
    sys.exit(failed)


main()
