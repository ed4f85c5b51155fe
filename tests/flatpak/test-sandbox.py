"""Sotto as a Flatpak: built from its manifest without a network, installed, talked to, updated, removed.

The runtime is a stand-in of Debian's packages (.ci/stand-in), the rest is real: flatpak-builder, the
sandbox, the portals. It runs within ./session, as an ordinary user.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests/end-to-end"))

import footprints  # noqa: E402
import person  # noqa: E402
import sources  # noqa: E402
from person import Failed, Journey, Sotto, check, note, wait, wait_same  # noqa: E402

APPLICATION = "io.github.sotto_chat.Sotto"
SMALL = f"{APPLICATION}.Models.SmolLM2_135M"
STAND_IN = os.environ["SOTTO_STAND_IN"]
CACHE = pathlib.Path(os.environ["SOTTO_CACHE"])
WORK = pathlib.Path(os.environ["SOTTO_DESKTOP"])
SOURCES = CACHE / "flatpak-sources"
REPOSITORY = WORK / "stick" / "repository"
BUILDING = WORK / "building"        # the installation of whoever builds it

# What is typed; each word stands nowhere else on a disk.
FIRST = "What is the capital of France? My cat is called Zwirbelquast."
SECOND = "What is the capital of Poland? My dog is called Ankerplumm."
THIRD = "What is the capital of Italy? My bird is called Quendelfax."

journey = Journey()
step = journey.step


def run(*command, seconds=600, environment=None, good=True):
    """What a command prints; Failed, with its last words, when it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, text=True, cwd=WORK,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                          env={**os.environ, **(environment or {})}, check=False)
    if good and done.returncode != 0:
        raise Failed(f"{' '.join(str(part) for part in command)}:\n{done.stdout[-3000:]}")
    return done.stdout


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
        return application.get_name() in ("sotto", APPLICATION)

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


def build(place, *names):
    """Builds manifests of a tree into the repository, the application's with what has to stand in."""
    manifests = []
    for name in names:
        path = place / "flatpak" / f"{name}.yml"
        manifest = json.loads(run("flatpak-builder", "--show-manifest", path))
        if name == APPLICATION:
            changed = sources.prepare(manifest, SOURCES)
            for sentence in changed:
                note(sentence)
            if changed:
                path = path.with_suffix(".json")
                path.write_text(json.dumps(manifest))
        else:
            sources.prepare_model(manifest, SOURCES, pathlib.Path(os.environ["SOTTO_MODELS"]))
        manifests.append(path)
    run(place / "flatpak/build", "--offline", SOURCES, "--state", CACHE / "flatpak-state", "--bundle",
        "--url", f"file://{REPOSITORY}", REPOSITORY, *manifests, seconds=3000, environment={"FLATPAK_USER_DIR": str(BUILDING)})


def add_runtime(**environment):
    run("flatpak", "--user", "remote-add", "--no-gpg-verify", "stand-in", f"file://{STAND_IN}",
        environment=environment)


@step("The manifest is built offline, a starter model along with it")
def _():
    folder = person.home()[0] / ".config/xdg-desktop-portal"
    folder.mkdir(parents=True)
    (folder / "portals.conf").write_text("[preferred]\ndefault=gtk\n"
                                         "org.freedesktop.impl.portal.Secret=gnome-keyring\n")
    with open(os.environ["SOTTO_PORTAL_PIPE"], "w", encoding="utf-8") as pipe:
        pipe.write(f"{os.environ['DBUS_SESSION_BUS_ADDRESS']} {os.environ['XDG_RUNTIME_DIR']}\n")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = os.environ["DBUS_SESSION_BUS_ADDRESS"]
    add_runtime(FLATPAK_USER_DIR=str(BUILDING))
    run("flatpak", "--user", "install", "-y", "--noninteractive", "stand-in", "org.gnome.Sdk//49",
        "org.gnome.Platform//49", environment={"FLATPAK_USER_DIR": str(BUILDING)})
    build(tree(), APPLICATION, SMALL)


@step("One command installs it, its runtime and its model")
def _():
    add_runtime()
    run("flatpak", "--user", "install", "-y", "--noninteractive", "--from", REPOSITORY.parent / "Sotto.flatpakref")
    installed = run("flatpak", "--user", "list", "--columns=application").split()
    for name in (APPLICATION, SMALL, "org.gnome.Platform"):
        check(name in installed, f"{name} is not among what was installed: {installed}")


@step("It asks for a window and a GPU, and for nothing else")
def _():
    text = run("flatpak", "--user", "info", "--show-permissions", APPLICATION)
    # Flatpak itself writes x11 beside its fallback, for versions that do not know the latter.
    granted = {"shared": {"ipc"}, "sockets": {"x11", "fallback-x11", "wayland"}, "devices": {"dri"}}
    lines = [line for line in text.split() if line != "[Context]"]
    asked = {line.split("=")[0]: set(filter(None, line.split("=")[-1].split(";"))) for line in lines}
    check(asked == granted, f"it asks for\n{text}")


@step("Licences are there for every part; headers, static libraries and tools of building are not")
def _():
    files = inside("find", "/app", "-type", "f").split()
    manifest = json.loads(run("flatpak-builder", "--show-manifest", REPO / f"flatpak/{APPLICATION}.yml"))
    licensed = {path.split("/")[5] for path in files if path.startswith(f"/app/share/licenses/{APPLICATION}/")}
    parts = {module["name"] for module in manifest["modules"]} - {"jimtcl"}     # nothing of that stays
    check(licensed >= parts, f"there are licences of {licensed} only")
    left = [path for path in files if re.search(r"\.(h|a|la|pc)$|jimsh", path)]
    check(not left, f"these are left: {left}")
    missing = [line for line in inside("ldd", "/app/bin/sotto", "/app/bin/sotto-engine").splitlines()
               if "not found" in line]
    check(not missing, f"{missing}")


@step("The first start shows the recovery code; the model is there already")
def _():
    # Few words, and the same ones; kept where GSettings keeps them in a sandbox.
    folder = person.home()[0] / ".var/app" / APPLICATION / "config/glib-2.0/settings"
    folder.mkdir(parents=True)
    (folder / "keyfile").write_text("[io/github/sotto_chat/Sotto]\ntemperature=0.0\nmax-tokens=40\n")
    sotto = start()
    sotto.accept_recovery_code()
    sotto.see("button", re.compile("^Model: SmolLM2"))
    sotto.screenshot("flatpak-first-start")


@step("The sandbox has a loopback device alone, and sees nothing of the home")
def _():
    number = journey.sotto.number()
    lines = pathlib.Path(f"/proc/{number}/net/dev").read_text().splitlines()[2:]
    devices = [line.split(":")[0].strip() for line in lines]
    check(devices == ["lo"], f"there are {devices}")
    own = os.stat("/proc/self/ns/net").st_ino
    check(os.stat(f"/proc/{number}/ns/net").st_ino != own, "it shares the network")
    home = person.home()[0]
    (home / "secret.txt").write_text("not to be seen")
    seen = inside("sh", "-c", f"cat {home}/secret.txt {home}/.local/share/flatpak/repo/config", good=False)
    check("not to be seen" not in seen, "it reads what lies in the home")
    capabilities = re.search(r"CapEff:\s*(\w+)", pathlib.Path(f"/proc/{number}/status").read_text())[1]
    check(int(capabilities, 16) == 0, f"it has the capabilities {capabilities}")


@step("A message is answered")
def _():
    note(repr(ask(journey.sotto, FIRST))[:200])
    journey.sotto.screenshot("flatpak-answer")


@step("The second start opens the history with the key of the Secret portal")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    sotto = start()
    sotto.open(re.compile("capital of France"))
    wait("the message", lambda: ("You", FIRST) in sotto.messages())
    check(sotto.reply().strip() != "", "the reply is gone")


def choose_in_portal(path):
    """Types a path into the file chooser that the portal shows, which is another program's window."""
    def windows():
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "xdg-desktop-portal-gtk"],
                               capture_output=True, text=True, timeout=20, check=False)
        return found.stdout.split()
    window = wait("the portal's file chooser", windows, 60)[-1]

    def entry():
        desktop = person.Atspi.get_desktop(0)
        for index in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(index)
            if application is not None and "portal" in (application.get_name() or ""):
                application.set_cache_mask(person.Atspi.Cache.NONE)
                return next((node for node in person.Node(application).all("text")
                             if node.has_state("FOCUSED")), None)
        return None
    subprocess.run(["xdotool", "windowfocus", window, "key", "slash"], check=True, timeout=20)
    node = wait("a place to type the path", entry)
    person.Atspi.EditableText.set_text_contents(node.accessible, str(path))
    wait_same("the path", node.text, str(path))
    journey.sotto.screenshot("flatpak-portal")
    subprocess.run(["xdotool", "windowfocus", window, "key", "Return"], check=True, timeout=20)
    wait("the file chooser to go", lambda: not windows())


@step("A model of the home is chosen in the portal's file chooser, and answers in place")
def _():
    sotto = journey.sotto
    models = sorted(pathlib.Path(os.environ["SOTTO_MODELS"]).glob("Qwen2.5-Coder-0.5B*.gguf"))
    check(models, "Qwen2.5-Coder-0.5B is not here; data/models/fetch puts it there")
    outside = person.home()[0] / "Downloads"
    outside.mkdir()
    own = outside / "my-own-qwen.gguf"
    try:
        os.link(models[0], own)
    except OSError:
        shutil.copy(models[0], own)
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")
    sotto.see("button", re.compile("^Model: ")).press()
    sotto.see("button", re.compile("Add a Model File")).press()
    choose_in_portal(own)
    sotto.see("button", re.compile("^Model: my own qwen"), 60)
    sotto.click(sotto.composer())
    answer = ask(sotto, SECOND)
    check("Warsaw" in answer, f"the reply is “{answer}”")
    sotto.screenshot("flatpak-own-model")


@step("The third start still has that model")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    sotto = start()
    sotto.open(re.compile("capital of Poland"))
    sotto.see("button", re.compile("^Model: my own qwen"), 60)
    wait("the message", lambda: ("You", SECOND) in sotto.messages())


@step("A newer build is an update, and all that was said is there")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    before = inside("sotto", "--version")
    build(tree("99.1"), APPLICATION)
    run("flatpak", "--user", "update", "-y", "--noninteractive")
    after = inside("sotto", "--version")
    check("99.1" in after and "99.1" not in before, f"{before!r} has become {after!r}")
    sotto = start()
    sotto.open(re.compile("capital of France"))
    wait("the message", lambda: ("You", FIRST) in sotto.messages())
    sotto.open(re.compile("capital of Poland"))
    wait("the other message", lambda: ("You", SECOND) in sotto.messages())
    answer = ask(sotto, THIRD)
    check("Rome" in answer, f"the reply is “{answer}”")
    check(sotto.quit() == 0, "it did not end well")


@step("Nothing that was typed stands in plain text on the disk")
def _():
    home, runtime, temporary = person.home()
    # What the document portal shows there is the model.
    folders = [home / ".var", *(path for path in runtime.iterdir() if path.name != "doc"), temporary]
    found = footprints.search(folders,
                              ["Zwirbelquast", "Ankerplumm", "Quendelfax"])
    check(not found, "\n".join(found))


@step("It is gone when it is uninstalled; what was said stays until that is asked for, too")
def _():
    data = person.home()[0] / ".var/app" / APPLICATION / "data/sotto"
    run("flatpak", "--user", "uninstall", "-y", "--noninteractive", APPLICATION)
    installed = run("flatpak", "--user", "list", "--columns=application").split()
    check(APPLICATION not in installed and SMALL not in installed, f"{installed}")
    check(any(data.iterdir()), "the history is gone")


def install_and_ask(*installing):
    """Installs it where it is not, and asks: how it ended, and what it said."""
    run("flatpak", "--user", "install", "-y", "--noninteractive", *installing)
    done = subprocess.run(["flatpak", "run", "--user", APPLICATION, "--temperature=0", "--max-tokens=20",
                           "--ask", "What is the capital of France?"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False)
    note(repr(done.stdout + done.stderr)[:200])
    return done


@step("From a stick with the repository it is installed, with its model, by one command")
def _():
    run("flatpak", "--user", "remote-delete", "--force", "sotto")
    done = install_and_ask(REPOSITORY, APPLICATION)
    check(done.returncode == 0 and done.stdout.strip(), f"it says “{done.stdout}{done.stderr}”")


@step("A single file installs it, too; without a model it says so")
def _():
    run("flatpak", "--user", "uninstall", "-y", "--noninteractive", "--delete-data", APPLICATION)
    check(not (person.home()[0] / ".var/app" / APPLICATION).exists(), "its data are still there")
    done = install_and_ask("--bundle", REPOSITORY.parent / "Sotto.flatpak")
    check(done.returncode != 0 and "model" in done.stderr, f"it says “{done.stdout}{done.stderr}”")


person.enter_desktop(programs=("xdotool", "import", "flatpak", "flatpak-builder"))
sys.exit(journey.run())
