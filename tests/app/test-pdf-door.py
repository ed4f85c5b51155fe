"""The helper that reads PDFs has closed its door before it looks at one: what it may then be made to do is tried, in the real
helper and in a trace of it."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
HELPER = BUILD / "app/pdf/sotto-pdf-text"
# What a document with an encoding that it only names may open
TABLES = r'openat\(AT_FDCWD, "[^"]*/poppler/[^"]*", O_RDONLY'
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 32>>stream
BT /F 9 Tf 9 9 Td (lantern) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type0/BaseFont/HeiseiMin-W3/Encoding/90ms-RKSJ-H/DescendantFonts[6 0 R]>>endobj
6 0 obj<</Type/Font/Subtype/CIDFontType0/BaseFont/HeiseiMin-W3/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>>>endobj
trailer<</Root 1 0 R/Size 7>>
"""


class Skip(Exception):
    """Raised with the reason."""


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, timeout=60, check=False, **options)


def tried(folder):
    """Files, sockets, programs, processes, others' memory: all refused."""
    done = run(HELPER, "--try-the-door")
    lines = done.stdout.decode(errors="replace").splitlines()
    print(f"# {len(lines)} attempts")
    if len(lines) < 20 or not any(line.startswith("an internet socket") for line in lines):
        yield f"it tried little: {lines}"
    yield from (line for line in lines if "ALLOWED" in line)
    if done.returncode:
        yield f"it ended with {done.returncode}"


def reads(folder):
    done = run(HELPER, stdin=(folder / "small.pdf").open("rb"))
    if not done.stdout.startswith(b"n\x04\0\0\0\x02\0\0\0p") or not done.stdout.endswith(b"z\0\0\0\0") or b"lantern" not in done.stdout:
        yield f"{done.returncode}: {done.stdout}"


def refuses(folder):
    """A pipe, a folder, nothing: what is no file is not looked at."""
    for what, options in (("a pipe", {"input": PDF}), ("a folder", {"stdin": os.open(folder, os.O_RDONLY)}),
                          ("nothing", {"stdin": subprocess.DEVNULL})):
        done = run(HELPER, **options)
        if done.stdout != b"x\x01\0\0\0\x01" or done.returncode:
            yield f"{what}: {done.returncode}: {done.stdout}"


def traced(folder):
    """Behind the filter there is no call but those that count, and poppler's tables."""
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    trace = folder / "trace"
    done = run("strace", "-f", "-o", trace, HELPER, stdin=(folder / "small.pdf").open("rb"))
    lines = trace.read_text(errors="replace").splitlines() if trace.exists() else []
    if not any("execve(" in line for line in lines):
        raise Skip(f"strace cannot look at it here: {done.stderr.decode(errors='replace')[-200:]}")
    closed = [number for number, line in enumerate(lines) if "PR_SET_SECCOMP" in line and line.rstrip().endswith("= 0")]
    if not closed:
        yield f"the door was never closed: {lines[-5:]}"
        return
    inside = lines[closed[-1] + 1:]
    print(f"# {len(inside)} calls behind the door: {sorted({re.sub(r'^[0-9]+ +', '', line).split('(')[0] for line in inside})[:20]}")
    for line in inside:
        if re.search(r"\b(?:open|openat|openat2|socket\w*|connect|execve\w*|clone\w*|fork|vfork|unlink\w*|kill)\(", line) \
                and not re.search(r"= -1 E", line) and not re.search(TABLES, line):
            yield f"behind the door: {line}"
    outside = lines[:closed[-1]]
    if any("lantern" in line for line in outside if " write(" in line):
        yield "it looked at the document before the door was closed"


def linked(folder):
    """Nothing of Sotto's is linked with what has the licence of poppler, but this."""
    if shutil.which("readelf") is None:
        raise Skip("readelf is not installed")
    for binary in ("app/sotto", "engine/sotto-engine"):
        if (BUILD / binary).exists() and b"poppler" in run("readelf", "-d", BUILD / binary).stdout:
            yield f"{binary} is linked with poppler"
    if b"libpoppler-glib" not in run("readelf", "-d", HELPER).stdout:
        yield "the helper is not"


def main():
    tests = (tried, reads, refuses, traced, linked)
    print(f"1..{len(tests)}")
    if not HELPER.exists():
        for number, test in enumerate(tests, 1):
            print(f"ok {number} - {test.__name__} # SKIP the helper is not built (poppler is missing)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "small.pdf").write_bytes(PDF)
        for number, test in enumerate(tests, 1):
            ending = ""
            try:
                broken = list(test(folder))
            except Skip as reason:
                broken, ending = [], f" # SKIP {reason}"
            for line in broken:
                print(f"# {line}")
            print(f"{'not ok' if broken else 'ok'} {number} - {test.__name__}{ending}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
