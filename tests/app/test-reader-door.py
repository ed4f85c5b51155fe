"""The helpers that read documents have closed their door before they look at one: what they may then be made to do is tried, in the
real ones and in a trace of them."""
import ctypes
import dataclasses
import errno
import io
import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

SOURCE = pathlib.Path(os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
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


def letter():
    """A text document that names a file outside, packed so that its words can only be seen once they are unpacked"""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", "<Types/>")
        parts.writestr("_rels/.rels", f'<Relationships><Relationship Id="1" Type="{kind}" Target="d.xml"/></Relationships>')
        parts.writestr("d.xml", '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><document><p><r><t>lantern &f;</t></r></p></document>')
    return made.getvalue()


def picture():
    """Three pixels (BMP: blue, green and red of each) whose colours are the letters of a word"""
    pixels = b"nal" + b"ret" + b"  n" + bytes(3)
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54 + len(pixels), 0, 0, 54, 40, 3, 1, 1, 24, 0, len(pixels), 0, 0, 0, 0) + pixels


@dataclasses.dataclass
class Helper:
    name: str
    program: pathlib.Path
    document: bytes
    beginning: bytes    # of what it says of that
    files: str          # what it may open behind the door


HELPERS = (Helper("pdf", BUILD / "app/pdf/sotto-pdf-text", PDF, b"n\x04\0\0\0\x02\0\0\0p", TABLES),
           Helper("office", BUILD / "app/office/sotto-office-text", letter(), b"w\x0b\0\0\0lantern", r"(?!)"),
           Helper("picture", BUILD / "app/picture/sotto-picture", picture(), b"i\x11\0\0\0\3\0\0\0\1\0\0\0lantern", r"(?!)"))

PRCTL = 157 if platform.machine() == "x86_64" else 167
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
LANDLOCK_CREATE_RULESET = 444


class Skip(Exception):
    """Raised with the reason."""


# A build with sanitizers looks for leaks in /proc when it ends, which is behind the door.
if "LSAN_OPTIONS" in os.environ:
    os.environ["ASAN_OPTIONS"] += ":detect_leaks=0"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, timeout=60, check=False, **options)


def without(number, first=None):
    """What a child calls to have a kernel that does not know a call, or not with that first argument."""
    def instruction(code, jt, jf, k):
        return struct.pack("<HBBI", code, jt, jf, k)
    load, equal, answer = 0x20, 0x15, 0x06
    program = [instruction(load, 0, 0, 0), instruction(equal, 0, 3 if first is not None else 1, number)]
    if first is not None:
        program += [instruction(load, 0, 0, 16), instruction(equal, 0, 1, first)]
    program += [instruction(answer, 0, 0, 0x00050000 | errno.ENOSYS), instruction(answer, 0, 0, 0x7fff0000)]
    code = ctypes.create_string_buffer(b"".join(program))
    libc = ctypes.CDLL(None, use_errno=True)

    def engage():
        head = ctypes.create_string_buffer(struct.pack("<H6xQ", len(program), ctypes.addressof(code)))
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, 2, head, 0, 0):
            raise OSError(ctypes.get_errno(), "no filter")
    return engage


def no_filter(helper, folder):
    """Where the kernel takes no filter, nothing is read."""
    done = run(helper.program, stdin=(folder / "small").open("rb"), preexec_fn=without(PRCTL, PR_SET_SECCOMP))
    if done.stdout != b"x\x01\0\0\0\x04" or done.returncode:
        yield f"{done.returncode}: {done.stdout}"


def no_landlock(helper, folder):
    """Where the kernel has no Landlock, no file at all is opened, and the rest is the same."""
    done = run(helper.program, "--try-the-door", preexec_fn=without(LANDLOCK_CREATE_RULESET))
    said = done.stdout.decode(errors="replace")
    if done.returncode or "ALLOWED" in said or "Permission denied" in said:
        yield said
    done = run(helper.program, stdin=(folder / "small").open("rb"), preexec_fn=without(LANDLOCK_CREATE_RULESET))
    if not done.stdout.startswith(helper.beginning) or not done.stdout.endswith(b"z\0\0\0\0"):
        yield f"{done.returncode}: {done.stdout}"


def tried(helper, folder):
    """Files, sockets, programs, processes, others' memory: all refused."""
    done = run(helper.program, "--try-the-door")
    lines = done.stdout.decode(errors="replace").splitlines()
    print(f"# {len(lines)} attempts")
    if len(lines) < 20 or not any(line.startswith("an internet socket") for line in lines):
        yield f"it tried little: {lines}"
    yield from (line for line in lines if "ALLOWED" in line)
    if done.returncode:
        yield f"it ended with {done.returncode}"


def reads(helper, folder):
    done = run(helper.program, stdin=(folder / "small").open("rb"))
    if not done.stdout.startswith(helper.beginning) or not done.stdout.endswith(b"z\0\0\0\0") or b"lantern" not in done.stdout:
        yield f"{done.returncode}: {done.stdout}"


def refuses(helper, folder):
    """A pipe, a folder, nothing: what is no file is not looked at."""
    for what, options in (("a pipe", {"input": helper.document}), ("a folder", {"stdin": os.open(folder, os.O_RDONLY)}),
                          ("nothing", {"stdin": subprocess.DEVNULL})):
        done = run(helper.program, **options)
        if done.stdout != b"x\x01\0\0\0\x01" or done.returncode:
            yield f"{what}: {done.returncode}: {done.stdout}"


def traced(helper, folder):
    """Behind the filter there is no call but those that count, and poppler's tables."""
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    trace = folder / "trace"
    done = run("strace", "-f", "-o", trace, helper.program, stdin=(folder / "small").open("rb"))
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
                and not re.search(r"= -1 E", line) and not re.search(helper.files, line):
            yield f"behind the door: {line}"
    outside = lines[:closed[-1]]
    if any("lantern" in line for line in outside if " write(" in line):
        yield "it looked at the document before the door was closed"


def linked(helper, _folder):
    """Nothing of Sotto's is linked with what has the licence of poppler, but the one helper."""
    if shutil.which("readelf") is None:
        raise Skip("readelf is not installed")
    for binary in ("app/sotto", "engine/sotto-engine", "app/office/sotto-office-text", "app/picture/sotto-picture"):
        if (BUILD / binary).exists() and b"poppler" in run("readelf", "-d", BUILD / binary).stdout:
            yield f"{binary} is linked with poppler"
    libraries = run("readelf", "-d", helper.program).stdout
    if (b"libpoppler-glib" in libraries) != (helper.name == "pdf"):
        yield "the helper is linked with what it should not be, or not with what it should"
    for library in (b"libgio", b"libgobject") if helper.name != "pdf" else ():
        if library in libraries:
            yield f"the helper is linked with {library.decode()}"


def main():
    tests = (tried, reads, refuses, no_filter, no_landlock, traced, linked)
    print(f"1..{len(tests) * len(HELPERS)}")
    number = 0
    for helper in HELPERS:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "small").write_bytes(helper.document)
            for test in tests:
                number += 1
                ending = ""
                broken = []
                try:
                    if not helper.program.exists():
                        raise Skip("the helper is not built")
                    broken = list(test(helper, folder))
                except (Skip, subprocess.SubprocessError) as reason:
                    broken, ending = [], f" # SKIP {reason}"
                for line in broken:
                    print(f"# {line}")
                print(f"{'not ok' if broken else 'ok'} {number} - {helper.name}: {test.__name__}{ending}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
