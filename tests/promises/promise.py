"""What the promise tests share: the tree they read, and TAP on standard output.

Each test is a script `test-NAME.py [--root FOLDER]` with functions decorated by @promise. Such a
function yields one sentence for everything that breaks the promise; nothing yielded is a pass.
test-can-fail.py plants a fault for each of them in a copy of the tree.
"""
import functools
import os
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[sys.argv.index("--root") + 1] if "--root" in sys.argv
                    else os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or ROOT / "_build")
HOUSE = ("engine", "history", "app", "ui")

_promises = []


class Skip(Exception):
    """Raised with the reason where a promise cannot be looked at here."""


def promise(text):
    def register(function):
        _promises.append((text, function))
        return function
    return register


@functools.cache
def files():
    """Every file of the project, relative to ROOT: not git's own, not what was built."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        here = pathlib.Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders
                      if name not in (".git", "__pycache__")
                      and not (here == pathlib.Path(".") and name.startswith("_"))]
        found += [here / name for name in names if not name.endswith(("~", ".pyc"))
                  and not (here == pathlib.Path(".") and name.startswith("_"))]
    return sorted(found)


def files_below(*tops, ends=("",)):
    return [path for path in files() if path.parts[0] in tops and path.name.endswith(tuple(ends))]


@functools.cache
def text(path):
    """The file's text; None when it is not text."""
    data = (ROOT / path).read_bytes()
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def note(line):
    print(f"# {line}")


def main():
    print(f"1..{len(_promises)}")
    for number, (name, function) in enumerate(_promises, 1):
        try:
            broken = list(function())
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
            continue
        for sentence in broken:
            note(sentence)
        print(f"{'not ok' if broken else 'ok'} {number} - {name}", flush=True)
