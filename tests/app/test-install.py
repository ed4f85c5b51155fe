"""What `meson install` puts where, and that Sotto runs from there: a staged install of the build folder, looked at and started."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
MODELS = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share") / "sotto/models"
TINY = "SmolLM2-135M-Instruct.Q4_1.gguf"
ID = "io.github.sotto_chat.Sotto"

# Below the prefix. What else is installed has to be added here by whoever installs it.
FILES = {
    "bin/sotto", "bin/sotto-engine",
    f"share/applications/{ID}.desktop",
    f"share/dbus-1/services/{ID}.service",
    f"share/glib-2.0/schemas/{ID}.gschema.xml",
    f"share/gnome-shell/search-providers/{ID}.search-provider.ini",
    f"share/icons/hicolor/scalable/apps/{ID}.svg",
    f"share/icons/hicolor/scalable/mimetypes/{ID}-backup.svg",
    f"share/icons/hicolor/scalable/mimetypes/{ID}-conversations.svg",
    f"share/icons/hicolor/scalable/mimetypes/{ID}-model.svg",
    f"share/icons/hicolor/symbolic/apps/{ID}-symbolic.svg",
    "share/man/man1/sotto.1", "share/man/man1/sotto-engine.1",
    f"share/metainfo/{ID}.metainfo.xml",
    f"share/mime/packages/{ID}.mime.xml",
}
FILES |= {f"share/locale/{language}/LC_MESSAGES/sotto.mo" for language in (SOURCE / "po" / "LINGUAS").read_text().split()}
# Made where there is a toolkit, poppler, zlib, libspeechd
OPTIONAL = [r"libexec/sotto-pdf-text", r"libexec/sotto-office-text", r"libexec/sotto-picture", r"libexec/sotto-speak", r"lib[^/]*/(.*/)?sotto/.*cuda.*\.so"]


class Skip(Exception):
    """Raised with the reason."""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)
    return done.returncode, done.stdout, done.stderr


def validated(*command):
    if shutil.which(command[0]) is None:
        yield f"SKIP {command[0]} is not installed"
        return
    status, out, err = run(*command)
    if status:
        yield from (out + err).strip().splitlines() or [f"{command[0]} says no"]


def bare(home, place):
    """The environment of a person who has nothing but this install."""
    return {"PATH": f"{place}/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(home), "TMPDIR": str(home),
            "XDG_DATA_DIRS": f"{place}/share:/usr/share", "XDG_RUNTIME_DIR": str(home),
            **{name: os.environ[name] for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}}


def files(place, home):
    there = {str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir()}
    there -= {name for name in there for pattern in OPTIONAL if re.fullmatch(pattern, name)}
    yield from (f"{name} is missing" for name in sorted(FILES - there))
    yield from (f"{name} is installed and not in the list of this test" for name in sorted(there - FILES))


def versions(place, home):
    for binary, said in (("sotto", "Sotto 0"), ("sotto-engine", "sotto-engine 0")):
        status, out, err = run(place / "bin" / binary, "--version", env=bare(home, place))
        if status or not out.startswith(said) or err:
            yield f"{binary} --version: {status} {out} {err}"


def answers(place, home):
    if not (MODELS / TINY).exists():
        raise Skip(f"{TINY} is not on this machine (app/run fetches it)")
    (home / ".local/share/sotto/models").mkdir(parents=True)
    (home / ".local/share/sotto/models" / TINY).symlink_to(MODELS / TINY)
    status, out, err = run(place / "bin/sotto", "--temperature", "0", "--max-tokens", "8", "--ask", "Say hello.",
                           env=bare(home, place), stdin=subprocess.DEVNULL)
    if status or not out.strip() or err:
        yield f"--ask: {status} {out} {err}"


def service(place, home):
    """It starts the very binary, and the desktop file, which says that it may, has its name."""
    text = (place / f"share/dbus-1/services/{ID}.service").read_text()
    if f"Name={ID}\n" not in text:
        yield f"it has another name: {text}"
    command = re.search("^Exec=(.*)$", text, re.M)[1].split()
    if pathlib.Path(command[0]) != pathlib.Path("/") / place.relative_to(STAGE) / "bin/sotto" or command[1:] != ["--gapplication-service"]:
        yield f"it starts {command}"
    if "DBusActivatable=true" not in (place / f"share/applications/{ID}.desktop").read_text():
        yield "the desktop file does not use it"


def search_provider(place, home):
    lines = (place / f"share/gnome-shell/search-providers/{ID}.search-provider.ini").read_text().splitlines()
    keys = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    asked = {"DesktopId": f"{ID}.desktop", "BusName": ID, "ObjectPath": "/" + ID.replace(".", "/") + "/SearchProvider", "Version": "2",
             "AutoStart": "false"}
    if "[Shell Search Provider]" not in lines or keys != asked:
        yield f"it says {keys}"


def desktop_file(place, home):
    yield from validated("desktop-file-validate", place / f"share/applications/{ID}.desktop")


def metainfo(place, home):
    yield from validated("appstreamcli", "validate", "--strict", "--no-net", place / f"share/metainfo/{ID}.metainfo.xml")
    yield from validated("appstream-util", "validate-relax", "--nonet", place / f"share/metainfo/{ID}.metainfo.xml")


def schemas(place, home):
    """They compile, and Sotto finds them where they were installed: gsettings lists what it may set."""
    folder = place / "share/glib-2.0/schemas"
    yield from validated("glib-compile-schemas", "--strict", folder)
    status, out, err = run("gsettings", "list-keys", ID, env=bare(home, place))
    if status or "temperature" not in out:
        yield f"gsettings: {out} {err}"
    (folder / "gschemas.compiled").unlink(missing_ok=True)


def mime_type(place, home):
    """A file is a model, conversations or a backup by its name, and by its first bytes under another one."""
    if shutil.which("update-mime-database") is None:
        raise Skip("update-mime-database is not installed")
    # As GLib and Qt look for them: by the names of locales.
    text = (place / f"share/mime/packages/{ID}.mime.xml").read_text()
    for language in (SOURCE / "po" / "LINGUAS").read_text().split():
        if text.count(f'xml:lang="{language}"') != 3:
            yield f"there are not three names in {language}"
    own = home / "mime-data"
    shutil.copytree(place / "share/mime", own / "mime")
    yield from validated("update-mime-database", own / "mime")
    (home / "model.gguf").write_bytes(b"anything")
    (home / "model").write_bytes(b"GGUF\x03\0\0\0" + bytes(64))
    (home / "words.txt").write_bytes(b"GGUF is a format")
    (home / "talk.sotto").write_bytes(b"anything")
    (home / "talk").write_bytes(b'{\n"format": "sotto-conversations",\n"version": 1,\n"conversations": [\n\n]\n}\n')
    (home / "other.json").write_bytes(b'{"format": "other"}')
    (home / "all.sotto-backup").write_bytes(b"anything")
    (home / "all").write_bytes(b"SottoBak\x01\0\0\0" + bytes(64))
    environment = bare(home, place) | {"XDG_DATA_HOME": str(own), "GIO_USE_VFS": "local"}
    model, conversations, backup = kinds = ("application/x-gguf", "application/vnd.sotto.conversations+json",
                                            "application/vnd.sotto.backup")
    for name, expected in (("model.gguf", model), ("model", model), ("words.txt", None),
                           ("talk.sotto", conversations), ("talk", conversations), ("other.json", None),
                           ("all.sotto-backup", backup), ("all", backup)):
        _, out, err = run("gio", "info", "-a", "standard::content-type", home / name, env=environment)
        if [kind for kind in kinds if kind in out] != ([expected] if expected else []):
            yield f"{name} is {out or err}"
    for kind in kinds:
        if kind not in (place / f"share/applications/{ID}.desktop").read_text():
            yield f"the desktop file does not open {kind}"


def icons(place, home):
    for name in sorted(FILES):
        if name.endswith(".svg"):
            yield from validated("rsvg-convert", "--output", home / "icon.png", "--width", "128", place / name)


def main():
    global STAGE
    tests = (files, versions, answers, service, search_provider, desktop_file, metainfo, schemas, mime_type, icons)
    print(f"1..{len(tests)}")
    with tempfile.TemporaryDirectory() as folder:
        STAGE = pathlib.Path(folder) / "stage"
        status, out, err = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", STAGE, "--quiet")
        prefixes = list(STAGE.glob("**/bin/sotto"))
        if status or not prefixes:
            print(f"Bail out! meson install: {status} {out[-500:]} {err[-500:]}")
            return 1
        place = prefixes[0].parents[1]
        for number, test in enumerate(tests, 1):
            home = pathlib.Path(folder) / test.__name__
            home.mkdir(mode=0o700)
            ending = ""
            try:
                said = list(test(place, home))
            except Skip as reason:
                said, ending = [], f" # SKIP {reason}"
            broken = [line for line in said if not line.startswith("SKIP")]
            for line in broken:
                print(f"# {line}")
            if said and not broken:
                ending = f" # {said[0]}"
            print(f"{'not ok' if broken else 'ok'} {number} - {test.__name__.replace('_', ' ')}{ending}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
