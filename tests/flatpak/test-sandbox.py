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
import xml.etree.ElementTree as ElementTree

from sandbox import (APPLICATION, REPO, REPOSITORY, SMALL, ask, begin, build, flatpak, inside, install, installed, journey,
                     main, portal_dialogs, portal_windows, prefer, run, start, step, tree)

import footprints
import pdf_text
import person
from person import check, note, wait, wait_same

# What is typed; each word stands nowhere else on a disk.
FIRST = "What is the capital of France? My cat is called Zwirbelquast."
SECOND = "What is the capital of Poland? My dog is called Ankerplumm."
# In an encoding that a document only names, of which poppler has tables
EASTERN = "灯台守の名前"
THIRD = "What is the capital of Italy? My bird is called Quendelfax."


@step("The manifest is built offline, a starter model along with it")
def _():
    begin()
    build(tree(), APPLICATION, SMALL)


@step("Software centres read in the repository what it is, and that the model is an addition to it")
def _():
    branch = next(line for line in run("ostree", "refs", f"--repo={REPOSITORY}").split() if line.startswith("appstream2/"))
    catalogue = ElementTree.fromstring(run("ostree", f"--repo={REPOSITORY}", "cat", branch, "/appstream.xml"))
    found = {component.findtext("id"): component for component in catalogue.iter("component")}
    check(set(found) == {APPLICATION, SMALL}, f"there are {set(found)}")
    small = found[SMALL]
    check(small.get("type") == "addon" and small.findtext("extends") == APPLICATION, "it is not described as an addition")
    german = small.find("summary[@{http://www.w3.org/XML/1998/namespace}lang='de']")
    check(german is not None and german.text != small.findtext("summary"), "it is described in English alone")


@step("One command installs it, its runtime and its model")
def _():
    install()
    found = installed()
    for name in (APPLICATION, SMALL, "org.gnome.Platform"):
        check(name in found, f"{name} is not among what was installed: {found}")


@step("It asks for a window, a GPU and a voice, and for nothing else")
def _():
    text = run("flatpak", "--user", "info", "--show-permissions", APPLICATION)
    # Flatpak itself writes x11 beside its fallback, for versions that do not know the latter.
    granted = {"shared": {"ipc"}, "sockets": {"x11", "fallback-x11", "wayland"}, "devices": {"dri"},
               "filesystems": {"xdg-run/speech-dispatcher:ro"}}
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
    prefer(temperature=0.0, max_tokens=40)     # few words, and the same ones
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
    window = wait("the portal's file chooser", portal_windows, 60)[-1]

    def entry():
        root = portal_dialogs()
        return root and next((node for node in root.all("text") if node.has_state("FOCUSED")), None)
    subprocess.run(["xdotool", "windowfocus", window, "key", "slash"], check=True, timeout=20)
    node = wait("a place to type the path", entry)
    node.set_text(str(path))
    wait_same("the path", node.text, str(path))
    journey.sotto.screenshot("flatpak-portal")
    subprocess.run(["xdotool", "windowfocus", window, "key", "Return"], check=True, timeout=20)
    wait("the file chooser to go", lambda: not portal_windows())


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


@step("A PDF of the home is chosen in the portal's file chooser, and its pages are attached to the message")
def _():
    sotto = journey.sotto
    own = person.home()[0] / "Downloads" / "keeper.pdf"
    pdf_text.write(own, "The lighthouse stands by the sea.", "Its keeper is called Mumpelkraut.", EASTERN)
    sotto.see("button", "Attach Files…").press()
    choose_in_portal(own)
    sotto.see("button", "keeper.pdf, 3 pages").press()
    wait("its text", lambda: sotto.look().find("text", "keeper.pdf"))
    text = sotto.look().find("text", "keeper.pdf").text()
    check(f"[Page 2]\nIts keeper is called Mumpelkraut.\n\n[Page 3]\n{EASTERN}\n" in text, f"it says {text}")
    own.unlink()
    sotto.screenshot("flatpak-pdf")
    sotto.keys("Escape")
    sotto.see("button", "Remove “keeper.pdf”").press()
    sotto.gone("button", "keeper.pdf, 3 pages")


@step("So is a text document, whose words are read")
def _():
    sotto = journey.sotto
    own = person.home()[0] / "Downloads" / "letter.docx"
    shutil.copy(pathlib.Path(__file__).parents[1] / "app/documents/libreoffice.docx", own)
    sotto.see("button", "Attach Files…").press()
    choose_in_portal(own)
    sotto.see("button", re.compile("^letter.docx, ")).press()
    wait("its text", lambda: sotto.look().find("text", "letter.docx"))
    text = sotto.look().find("text", "letter.docx").text()
    check("Ottilie Brandt[^1] keeps the inserted lamp." in text, f"it says {text}")
    own.unlink()
    sotto.keys("Escape")
    sotto.see("button", "Remove “letter.docx”").press()
    sotto.gone("button", re.compile("^letter.docx, "))


@step("Behind the door of what reads them, nothing is allowed in the sandbox either")
def _():
    for helper in ("sotto-pdf-text", "sotto-office-text", "sotto-picture"):
        said = inside(f"/app/libexec/{helper}", "--try-the-door")
        check(len(said.splitlines()) > 20 and "ALLOWED" not in said, said)


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
    flatpak("update")
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
                              ["Zwirbelquast", "Ankerplumm", "Quendelfax", "Mumpelkraut"])
    check(not found, "\n".join(found))


@step("It is gone when it is uninstalled; what was said stays until that is asked for, too")
def _():
    data = person.home()[0] / ".var/app" / APPLICATION / "data/sotto"
    flatpak("uninstall", APPLICATION)
    found = installed()
    check(APPLICATION not in found and SMALL not in found, f"{found}")
    check(any(data.iterdir()), "the history is gone")


def install_and_ask(*installing):
    """Installs it where it is not, and asks: how it ended, and what it said."""
    flatpak("install", *installing)
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
    flatpak("uninstall", "--delete-data", APPLICATION)
    check(not (person.home()[0] / ".var/app" / APPLICATION).exists(), "its data are still there")
    done = install_and_ask("--bundle", REPOSITORY.parent / "Sotto.flatpak")
    check(done.returncode != 0 and "model" in done.stderr, f"it says “{done.stdout}{done.stderr}”")


person.enter_desktop(programs=("xdotool", "import", "flatpak", "flatpak-builder"))
sys.exit(main())
