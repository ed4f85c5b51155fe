"""The strings of the tree and their translations, as xgettext and msgfmt read them.

A message is known by what .mo files know it by: its context, \\x04, its English singular. Its forms are
[text], or one for each plural.
"""
import functools
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

from promise import ROOT, Skip

PO = ROOT / "po"
# What marks a string, beside what xgettext takes for C anyhow: meson's preset for GLib.
KEYWORDS = ("_", "N_", "C_:1c,2", "NC_:1c,2", "g_dcgettext:2", "g_dngettext:2,3", "g_dpgettext2:2c,3")
MAGIC = 0x950412DE

DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-+ #0']*\d*(?:\.\d+)?(?:hh|h|ll|l|j|z|t)?[diouxXeEfgGcs%])")
TAG = re.compile(r"</?[a-z][^<>]*>|&(?:\w+|#\w+);")
MNEMONIC = re.compile(r"(?<!AF)_(?=\w)")


def run(*command, given=None):
    """Standard output; Skip where a tool of gettext's is missing."""
    if shutil.which(command[0]) is None:
        raise Skip(f"{command[0]} is not installed")
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return done.stdout


def read_mo(data):
    """{message: forms}, without the header"""
    count, originals, translations = struct.unpack_from("<8x3I", data)

    def strings(table):
        for index in range(count):
            length, offset = struct.unpack_from("<2I", data, table + 8 * index)
            yield data[offset:offset + length].decode()
    return {original.split("\0")[0]: translation.split("\0")
            for original, translation in zip(strings(originals), strings(translations)) if original}


def write_mo(path, messages, plurals, header):
    """messages: {message: forms}; plurals: {message: its English plural}"""
    pairs = sorted((message.encode() + (b"\0" + plurals[message].encode() if message in plurals else b""),
                    "\0".join(forms).encode()) for message, forms in {"": [header], **messages}.items())
    place = 28 + 16 * len(pairs)
    tables, texts = [b"", b""], b""
    for which in (0, 1):
        for pair in pairs:
            tables[which] += struct.pack("<2I", len(pair[which]), place + len(texts))
            texts += pair[which] + b"\0"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
                     + tables[0] + tables[1] + texts)


@functools.cache
def template():
    """Every message of the tree, with its English forms."""
    pot = run("xgettext", "--from-code=UTF-8", "--add-comments=Translators", "-D", str(ROOT), "-f",
              str(PO / "POTFILES.in"), "-o", "-", *(f"--keyword={keyword}" for keyword in KEYWORDS))
    return read_mo(run("msgfmt", "-o", "-", "-", given=run("msgen", "-o", "-", "-", given=pot)))


@functools.cache
def compile_po(language):
    """(its messages, those that are not fuzzy; what msgfmt complains of)"""
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "sotto.mo"
        try:
            run("msgfmt", "--check", "-o", str(target), str(PO / f"{language}.po"))
        except ValueError as complaint:
            return {}, str(complaint)
        return read_mo(target.read_bytes()), ""


def languages():
    found = sorted(path.stem for path in PO.glob("*.po"))
    if not found:
        raise Skip("there is no translation yet")
    return found


def english(message):
    """The words of a message, without its context."""
    return message.split("\4")[-1]


def directives(text):
    """What printf would do with it, by position: [(position, "s")]"""
    found, position = [], 0
    for number, directive in DIRECTIVE.findall(text):
        if directive != "%":
            position = int(number) if number else position + 1
        found.append((0 if directive == "%" else position, directive.replace(" ", "").replace("'", "")))
    return sorted(found)


def has_mnemonic(text):
    return len(MNEMONIC.findall(text)) == 1
