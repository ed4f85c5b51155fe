"""What Sotto asks for through portals, seen at the other end: staying awake, notifications, links, a key.

Portals and their backend are the real ones (but for a desktop that gives keys: ./shortcut_backend.py); behind these stand what a desktop has: a session manager and a place for
notifications, which write down what they are asked (../end-to-end/session_services.py), and a browser that does the same. The
model says what it is told to. It runs within ./session, as an ordinary user.
"""
import json
import subprocess
import sys

from sandbox import (APPLICATION, begin, build, install, journey, main, portal_dialogs, portal_windows, prefer, start, step,
                     tree)

import footprints
import pdf_text
import person
import scripted_model
import session_services
import shortcut_backend
from person import Elsewhere, check, note, wait, wait_same

ADDRESS = "https://example.org/ovens?kind=stone&n=1"
# Long enough that one can look away while it is written
WORDS = " ".join(f"Then the baker Grumbelwurz sold the loaf number {n}." for n in range(60))
SCRIPT = f"{WORDS}\n\n[Ovens]({ADDRESS})"
FIRST = "Where can I read about ovens, dear Pfefferquirl?"
SECOND = "And what did the baker do?"

services = None
shell = None
desktop = None
browser_log = None


def switch_of(sotto):
    """In the preferences, of the key that brings it up. Its row is called the same."""
    return sotto.see("check box", "Bring Up Sotto from Anywhere").all("check box")[-1]


@step("The Flatpak is installed, beside a browser")
def _():
    global services, shell, desktop, browser_log
    services = session_services.Services(person.home()[0] / "services")
    shell = session_services.Shell()
    desktop = shortcut_backend.Backend(person.home()[0] / "shortcuts")
    begin(shortcut_backend.install())
    build(tree(), APPLICATION)
    install()
    # Where one prints to, if into a file
    (person.home()[0] / "Documents").mkdir()
    (person.home()[0] / ".config/user-dirs.dirs").write_text('XDG_DOCUMENTS_DIR="$HOME/Documents"\n')
    browser_log = person.home()[0] / "browser"
    browser_log.write_text("")
    applications = person.home()[0] / ".local/share/applications"
    applications.mkdir(parents=True, exist_ok=True)
    (applications / "browser.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=Browser\nMimeType=x-scheme-handler/https;\n"
        f"Exec=sh -c 'printf \"%%s\\\\n\" \"$1\" >> {browser_log}' browser %u\n")
    (applications / "mimeapps.list").write_text("[Default Applications]\nx-scheme-handler/https=browser.desktop\n")


@step("While a reply is written the computer stays awake, and not longer")
def _():
    data = person.home()[0] / ".var/app" / APPLICATION / "data/sotto/models"
    data.mkdir(parents=True)
    scripted_model.write(data / "Baker.gguf", SCRIPT, layers=40, name="Baker")
    prefer(window_width=1300, window_height=800)
    sotto = start()
    sotto.accept_recovery_code()
    check(not services.calls("Inhibit"), "it keeps the computer awake without a reason")
    sotto.write(FIRST)
    asked = wait("the session manager to be asked", lambda: services.calls("Inhibit"))
    note(f"{asked}")
    check(len(asked) == 1 and asked[0][0] == APPLICATION and asked[0][3] == 4, f"it asked for {asked}, not for suspending")
    check(not services.calls("Uninhibit") or not sotto.is_writing(), "it was given back while the reply was written")
    check("Grumbelwurz" in sotto.wait_reply(), "the reply is another one")
    wait_same("what it gave back", lambda: services.calls("Uninhibit"), [[7]])


@step("A link in a reply is opened by the person's own browser")
def _():
    sotto = journey.sotto
    check(not services.calls("AddNotification"), "a notification came while one was looking")
    def is_there():
        node = sotto.focused()
        return node is not None and node.has_text and node.text() == "Ovens"
    # Back from the composer, over the buttons below the reply
    for _ in range(12):
        if is_there():
            break
        sotto.keys("shift+Tab")
    wait("the keyboard to come to the link", is_there, 5)
    sotto.keys("Return")
    wait_same("what the browser was told to open", browser_log.read_text, f"{ADDRESS}\n")


@step("A reply that ends while one works elsewhere is told by a notification, without a word of it; that leads there")
def _():
    sotto = journey.sotto
    elsewhere = Elsewhere(sotto)
    sotto.keys("ctrl+l")
    sotto.write(SECOND)
    wait("the reply to begin", sotto.is_writing)
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")
    with elsewhere:
        check(not services.calls("Notify"), "the reply was over before one could look away")
        told = wait("a notification", lambda: services.calls("Notify"), 120)
        note(f"{told}")
        check(len(told) == 1 and told[0][3] == "Your Reply Is Ready", f"it told {told}")
        for word in ("Pfefferquirl", "Grumbelwurz", "baker", "Ovens"):
            check(word not in json.dumps(told), f"it gives away {told}")
        check(not services.calls("CloseNotification"), "it was taken back unseen")
        shell.press(11, "default")
        wait("its messages", lambda: ("You", SECOND) in sotto.messages())


@step("A conversation is printed through the portal's dialog; the pages hold what was said")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+p")
    window = wait("the portal's print dialog", portal_windows, 60)[-1]
    printer = wait("its printer", lambda: (root := portal_dialogs()) and root.find("table cell", "Print to File"))
    x, y, width, height = printer.place()
    subprocess.run(["xdotool", "windowfocus", window, "mousemove", "--window", window, str(x + width // 2),
                    str(y + height // 2), "click", "1"], check=True, timeout=20)
    button = wait("a button to print", lambda: next((node for node in portal_dialogs().all(None, "Print") if "button" in node.role
                                                     and node.has_state("SENSITIVE")), None))
    sotto.screenshot("flatpak-print")
    button.press()
    wait("the dialog to go", lambda: window not in portal_windows())
    pdf = person.home()[0] / "Documents/output.pdf"
    wait("the end of what was printed", lambda: pdf.exists() and pdf.read_bytes().rstrip().endswith(b"%%EOF"))
    pages = pdf_text.pages(pdf)
    note(f"{len(pages)} pages: {pages[0][:80]!r}")
    check(len(pages) == 2, f"there are {len(pages)} pages")
    for word in ("Pfefferquirl", "Grumbelwurz sold the loaf", "You", "Baker", "Ovens"):
        check(word in pages[0], f"“{word}” is not on the first page: {pages[0]}")
    check("loaf number 59" in pages[1], f"the last page is {pages[1]}")


@step("A key that the desktop gives comes through the portal, and makes it ready to write")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+comma")
    sotto.see("dialog", "Preferences")
    check(not desktop.calls("CreateSession"), "it asked before somebody wanted it")
    switch_of(sotto).press()
    wait("the desktop to be asked", lambda: desktop.calls("BindShortcuts"))
    _, _, application, _ = desktop.calls("CreateSession")[0]
    check(application == APPLICATION, f"the desktop takes it for {application}")
    _, _, shortcuts, parent, _ = desktop.calls("BindShortcuts")[0]
    note(f"{shortcuts} for {parent}")
    check(len(shortcuts) == 1 and shortcuts[0][1]["description"] == "Bring up Sotto to write a message", f"it asked for {shortcuts}")
    check(parent.startswith("x11:"), f"the desktop's question would belong to “{parent}”")
    # The key is said by its row.
    sotto.see("label", "Super+Alt+S")
    sotto.screenshot("flatpak-shortcut")
    sotto.keys("Escape")
    sotto.gone("dialog", "Preferences")
    # Nobody manages windows here, so that none comes to the front; the keyboard goes where one writes all the same.
    sotto.keys("ctrl+k")
    wait("the keyboard to be elsewhere", lambda: (node := sotto.focused()) and node.name != "Message")
    desktop.press(shortcuts[0][0])
    wait("the keyboard to be where one writes", lambda: (node := sotto.focused()) and node.role == "text" and
         node.name == "Message")
    sotto.keys("Escape")


@step("The next start asks for the key by itself; that it is not given is said, and the one after does not ask")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    wait("the session to end", lambda: len(desktop.calls("Close")) == 1)
    desktop.answer(1)
    sotto = start()
    sotto.see(None, "The desktop gave Sotto no key")
    check(len(desktop.calls("BindShortcuts")) == 2, f"it asked {len(desktop.calls('BindShortcuts'))} times")
    check(sotto.quit() == 0, "it did not end well")
    sotto = start()
    sotto.see("text", "Message")
    sotto.keys("ctrl+comma")
    sotto.see("dialog", "Preferences")
    check(not switch_of(sotto).has_state("CHECKED"), "it is on all the same")
    check(len(desktop.calls("BindShortcuts")) == 2, "it asked again")
    sotto.keys("Escape")
    sotto.gone("dialog", "Preferences")


@step("No portal has left a word of it in plain text: not the printed pages, not the notification")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    home, runtime, temporary = person.home()
    folders = [home / ".var", home / ".cache", *(path for path in runtime.iterdir() if path.name != "doc"), temporary]
    found = footprints.search(folders, ["Pfefferquirl", "Grumbelwurz"])
    found = [line for line in found if "Baker.gguf" not in line]     # which says it itself
    check(not found, "\n".join(found))


person.enter_desktop(programs=("xdotool", "import", "flatpak", "flatpak-builder"))
try:
    STATUS = main()
finally:
    if services is not None:
        services.close()
    if desktop is not None:
        desktop.close()
sys.exit(STATUS)
