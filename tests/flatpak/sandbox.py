"""What the journeys here share: building from the manifests, installing, and a Sotto that runs in its sandbox.

Everything is made within ./session, as an ordinary user. What is kept between runs lies in the cache folder, one run at a
time: whoever imports this holds a lock there until it ends.
"""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests/end-to-end"))

import person  # noqa: E402
import screen  # noqa: E402
import sources  # noqa: E402
from person import Failed, Journey, Sotto, check, note, wait  # noqa: E402

APPLICATION = "io.github.sotto_chat.Sotto"
CUDA = f"{APPLICATION}.CUDA"
SMALL = f"{APPLICATION}.Models.SmolLM2_135M"
STAND_IN = os.environ["SOTTO_STAND_IN"]
CACHE = pathlib.Path(os.environ["SOTTO_CACHE"])
WORK = pathlib.Path(os.environ["SOTTO_DESKTOP"])
SOURCES = CACHE / "flatpak-sources"
REPOSITORY = WORK / "stick" / "repository"
BUILDING = {"FLATPAK_USER_DIR": str(WORK / "building")}     # the installation of whoever builds it

journey = Journey()
step = journey.step


def lock_cache():
    """Sources, tree and state of flatpak-builder are one run's until it ends, by whatever end."""
    lock = open(CACHE / "flatpak.lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note("another run has the cache of the sandbox; waiting for its end …")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def run(*command, seconds=600, environment=None, good=True):
    """What a command prints; Failed, with its last words, when it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, text=True, cwd=WORK,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                          env={**os.environ, **(environment or {})}, check=False)
    if good and done.returncode != 0:
        raise Failed(f"{' '.join(str(part) for part in command)}:\n{done.stdout[-3000:]}")
    return done.stdout


def flatpak(*arguments, environment=None):
    """flatpak --user, without questions."""
    command, *rest = arguments
    return run("flatpak", "--user", command, "-y", "--noninteractive", *rest, environment=environment)


def inside(*command, good=True):
    """What a command prints within the sandbox."""
    return run("flatpak", "run", "--user", f"--command={command[0]}", APPLICATION, *command[1:], good=good)


class Sandboxed(Sotto):
    """One run of it in its sandbox, whose processes have other numbers there."""

    def __init__(self):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("GSETTINGS_BACKEND", "GIO_USE_VFS", "ADW_DISABLE_PORTAL")}
        self.process = subprocess.Popen(["flatpak", "run", "--user", APPLICATION], env=environment,
                                        stdin=subprocess.DEVNULL)
        self.window = None
        wait("a window", self.look, 60)

    def is_it(self, application):
        return application.title() in ("sotto", APPLICATION)

    def find_windows(self):
        return ["--class", "sotto"]

    def kill(self):
        run("flatpak", "kill", APPLICATION, good=False)
        self.process.wait()

    def number(self):
        """Of its process, as it is known outside."""
        for line in run("flatpak", "ps", "--columns=application,child-pid").splitlines():
            if line.split()[:1] == [APPLICATION]:
                return int(line.split()[1])
        raise Failed("flatpak knows of no running Sotto")


def start():
    journey.sotto = Sandboxed()
    return journey.sotto


def ask(sotto, text):
    """Sends it; the reply, which is not the one that was there before."""
    before = len([1 for who, _ in sotto.messages() if who == "Reply"])
    sotto.write(text)
    wait("a reply", lambda: len([1 for who, _ in sotto.messages() if who == "Reply"]) > before
         and sotto.reply(), 120)
    answer = sotto.wait_reply(240)
    check(answer.strip() != "", "the reply is empty")
    return answer


def prefer(**values):
    """Preferences where GSettings keeps them in a sandbox. Call before the first start."""
    folder = person.home()[0] / ".var/app" / APPLICATION / "config/glib-2.0/settings"
    folder.mkdir(parents=True)
    lines = [f"{key.replace('_', '-')}={value}" for key, value in values.items()]
    (folder / "keyfile").write_text("\n".join(["[io/github/sotto_chat/Sotto]", *lines, ""]))


def portal_windows():
    """The dialogs that the portals' backend shows, which is another program."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "xdg-desktop-portal-gtk"],
                           capture_output=True, text=True, timeout=20, check=False)
    return found.stdout.split()


def portal_dialogs():
    """The same as it is read: the root of what the backend shows, None where it is not there."""
    return next((application for application in screen.applications() if "portal" in application.title()), None)


def tree(version=None):
    """A copy of what would be committed now; of another version, if one is given. Always in the same place, which
    flatpak-builder knows again what it has built by."""
    place = CACHE / "flatpak-tree"
    shutil.rmtree(place, ignore_errors=True)
    names = subprocess.run(["git", "-C", REPO, "-c", "safe.directory=*", "ls-files", "-z", "--cached",
                            "--others", "--exclude-standard", "--", ".", ":!tests"],
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (REPO / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO / name, place / name)
    if version:
        meson = place / "meson.build"
        text, changed = re.subn(r"version: '[^']*'", f"version: '{version}'", meson.read_text(), count=1)
        check(changed == 1, "meson.build names no version")
        meson.write_text(text)
    return place


def prepare(name, manifest):
    """Lays a manifest's sources ready; what had to be changed in it for that, in sentences."""
    try:
        if name == APPLICATION:
            return sources.prepare(manifest, SOURCES)
        if name == CUDA:
            return sources.prepare_toolkit(manifest, SOURCES)
        return sources.prepare_model(manifest, SOURCES, pathlib.Path(os.environ["SOTTO_MODELS"]))
    except sources.Missing as missing:
        raise Failed(str(missing)) from None


def build(place, *names):
    """Builds manifests of a tree into the repository, with what has to stand in."""
    manifests = []
    for name in names:
        path = place / "flatpak" / f"{name}.yml"
        manifest = json.loads(run("flatpak-builder", "--show-manifest", path))
        changed = prepare(name, manifest)
        for sentence in changed:
            note(sentence)
        if changed:
            path = path.with_suffix(".json")
            path.write_text(json.dumps(manifest))
        manifests.append(path)
    run(place / "flatpak/build", "--offline", SOURCES, "--state", CACHE / "flatpak-state", "--bundle",
        "--url", f"file://{REPOSITORY}", REPOSITORY, *manifests, seconds=3000, environment=BUILDING)


def add_runtime(environment=None):
    run("flatpak", "--user", "remote-add", "--no-gpg-verify", "stand-in", f"file://{STAND_IN}", environment=environment)


def begin(backends=""):
    """What comes before the first build: portals for this desktop, more of their backends in lines of portals.conf, and a runtime
    to build with."""
    folder = person.home()[0] / ".config/xdg-desktop-portal"
    folder.mkdir(parents=True)
    (folder / "portals.conf").write_text("[preferred]\ndefault=gtk\n"
                                         f"org.freedesktop.impl.portal.Secret=gnome-keyring\n{backends}")
    with open(os.environ["SOTTO_PORTAL_PIPE"], "w", encoding="utf-8") as pipe:
        pipe.write(f"{os.environ['DBUS_SESSION_BUS_ADDRESS']} {os.environ['XDG_RUNTIME_DIR']}\n")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = os.environ["DBUS_SESSION_BUS_ADDRESS"]
    add_runtime(BUILDING)
    flatpak("install", "stand-in", "org.gnome.Sdk//49", "org.gnome.Platform//49", environment=BUILDING)


def install():
    """By the one command that a person types."""
    add_runtime()
    flatpak("install", "--from", REPOSITORY.parent / "Sotto.flatpakref")


def installed():
    return run("flatpak", "--user", "list", "--columns=application").split()


def main():
    """Runs the journey's steps: the exit status."""
    with lock_cache():
        return journey.run()
