"""Sotto as a person meets it: started, looked at, typed into.

What is on the screen is read through AT-SPI, as a screen reader reads it (screen.py); keys come from the
X server, as a keyboard's do. Nothing here knows what is inside the program. It runs within tests/desktop.

Nothing sleeps for a fixed time to let something happen: wait() asks again until it has or a deadline is
over, and says what it saw instead. Deadlines are generous, because two busy cores are slow.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

from gi.repository import GLib

import screen
from screen import Failed, Node

# Meson sets the others' options always, and these are set by tests/run --sanitize alone.
SANITIZED = "LSAN_OPTIONS" in os.environ
# With sanitizers everything takes longer: so much, as tests/run has it.
SLOWER = 6 if SANITIZED else 1
PATIENCE = 30
WAYLAND = "WAYLAND_DISPLAY" in os.environ    # that of tests/desktop --wayland
WINDOW = object()    # stands for the window's number in what xdotool is told

SOURCE = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
PROGRAM = BUILD / "app" / "sotto"
SCREENSHOTS = BUILD / "tests" / "screenshots"

def wait(what, condition, seconds=PATIENCE):
    """condition()'s first true value; Failed, and what was seen last, when there is none in time.

    What comes soon is seen soon; what takes long is asked for less often, as each look costs both programs their time."""
    begin = time.monotonic()
    end = begin + seconds * SLOWER
    while True:
        trouble = ""
        try:
            found = condition()
        except (GLib.Error, AttributeError) as error:
            found = None        # it went while it was looked at, or what it lies in is not there yet
            trouble = f" ({error})"
        if found:
            return found
        now = time.monotonic()
        if now > end:
            raise Failed(f"waited {seconds * SLOWER} s in vain for {what}{trouble}")
        time.sleep(min(0.03 + (now - begin) / 10, 0.3))


def wait_same(what, read, expected, seconds=PATIENCE):
    """Waits until read() gives expected; what differed, when it does not."""
    seen = [None]

    def condition():
        seen[0] = read()
        return seen[0] == expected
    try:
        wait(what, condition, seconds)
    except Failed as failed:
        if not isinstance(expected, str) or seen[0] is None:
            raise Failed(f"{failed}: it is {seen[0]!r}, not {expected!r}") from None
        at = len(os.path.commonprefix([seen[0], expected]))
        raise Failed(f"{failed}: from {at} on it is {seen[0][at:]!r}, not {expected[at:]!r}") from None


def check(holds, sentence):
    if not holds:
        raise Failed(sentence)


class Sotto:
    """One run of the program. trace: where strace writes down what it does with sockets; errors: where its messages go."""

    def __init__(self, trace=None, arguments=(), settle=True, errors=None):
        command = [str(PROGRAM), *arguments]
        if trace is not None:
            # -D: the program is our child and strace is not, so that signals and statuses are its own.
            command = ["strace", "-D", "-f", "--seccomp-bpf", "-q", "-e", "trace=network", "-e",
                       "signal=none", "-o", str(trace), *command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors)
        self.window = None
        if settle:
            wait("a window", self.look)

    @property
    def pid(self):
        return self.process.pid

    def is_it(self, application):
        return application.process() == self.pid

    def find_windows(self):
        """As xdotool is told to find them. A Wayland compositor has one window for all that it shows."""
        return ["--class", "weston"] if WAYLAND else ["--pid", str(self.pid)]

    def list_windows(self):
        """The numbers of those that are in sight. xdotool sometimes waits for one that has just gone: then none."""
        try:
            found = subprocess.run(["xdotool", "search", "--onlyvisible", *self.find_windows()],
                                   capture_output=True, text=True, timeout=5, check=False)
        except subprocess.TimeoutExpired:
            return []
        return found.stdout.split()

    def look(self):
        """Everything that is on the screen now; None as long as there is no window."""
        if self.process.poll() is not None:
            raise Failed(f"Sotto ended with status {self.process.returncode}")
        root = next((application for application in screen.applications() if self.is_it(application)), None)
        return root if root is not None and root.find("frame") is not None else None

    def see(self, role, name=None, seconds=PATIENCE, within=None):
        """Waits for something on the screen, and returns it. within: looks for the place to look in."""
        def condition():
            root = self.look()
            place = root if root is None or within is None else within(root)
            return place and place.find(role, name)
        try:
            found = wait(f"a {role} “{getattr(name, 'pattern', name)}”", condition, seconds)
        except Failed as failed:
            raise Failed(f"{failed}; there is\n{self.screen()}") from None
        # What has just come may still be growing.
        for _ in range(10):
            try:
                again = condition()
            except GLib.Error:
                break           # and what has come may go as soon
            if not again or again.shape() == found.shape():
                break
            found = again
        return found

    def gone(self, role, name=None, seconds=PATIENCE):
        def condition():
            root = self.look()
            return root is not None and root.find(role, name) is None
        wait(f"the {role} “{getattr(name, 'pattern', name)}” to go", condition, seconds)

    def screen(self):
        try:
            root = self.look()
        except (Failed, GLib.Error) as error:
            return str(error)
        return "\n".join(root.lines()) if root is not None else "no window"

    # Keys

    def xdotool(self, *arguments):
        """xdotool waits for ever for a window of a program that has died: so there is a limit."""
        focus = []
        if self.window is None or not WAYLAND:
            # Nobody manages windows here, so nobody gives a window the focus. A compositor has one window, which keeps it.
            focus = ["windowfocus", "--sync", WINDOW] if WAYLAND else ["windowfocus", WINDOW]
        if self.window is None:
            # The main window was made before every tooltip and menu, and numbers rise.
            self.window = min(wait("the window's number", self.list_windows), key=int)
        arguments = [self.window if argument == WINDOW else argument for argument in (*focus, *arguments)]
        result = subprocess.run(["xdotool", *arguments], capture_output=True, text=True, timeout=60, check=False)
        check(result.returncode == 0, f"xdotool {' '.join(arguments)}: {result.stderr.strip()}")

    def keys(self, *keys):
        # A compositor opens no menu for a key that has been let go when the program, which may be busy, asks for it.
        held = ["--delay", "300"] if WAYLAND else []
        self.xdotool("key", "--clearmodifiers", *held, *keys)

    def focused(self):
        """What has the keyboard; None as long as nothing has, and when something went while it was looked for."""
        try:
            root = self.look()
            return root and next((node for node in root.walk() if node.has_state("FOCUSED")), None)
        except GLib.Error:
            return None

    def choose_in_menu(self, action):
        """What does @action, from the main menu, by keys: its items have no names for others to find."""
        template = (SOURCE / "ui" / "sidebar" / "sidebar.ui").read_text(encoding="utf-8")
        menu = template[template.index('<menu id="primary_menu">'):template.index("</menu>")]
        actions = re.findall(r'<attribute name="action">([^<]+)<', menu)
        self.keys("F10")
        wait("the menu to have the focus", lambda: (item := self.focused()) and item.role == "menu item")
        self.keys(*["Down"] * actions.index(action), "Return")

    def go_to(self, role, name, key="Down"):
        """Presses a key again and again until the focus has come there, as one does without a mouse."""
        seen = []
        for _ in range(12):
            node = self.focused()
            if node is not None and node.fits(role, name):
                return
            before = node and node.reference
            seen.append(f"{node.role} “{node.name}”" if node else "nothing")
            self.keys(key)
            try:
                wait("the focus to go on", lambda: (now := self.focused()) and now.reference != before, 2)
            except Failed:
                pass
        raise Failed(f"{key} does not lead to the {role} “{getattr(name, 'pattern', name)}” but over "
                     f"{', '.join(seen)}")

    def type(self, text):
        self.xdotool("type", "--clearmodifiers", "--delay", "8", text)

    def choose(self, title, path):
        """In GTK's own file dialog of that title, which takes a path that is typed into it."""
        def tell(*arguments):
            return subprocess.run(["xdotool", *arguments], capture_output=True, text=True, timeout=60, check=False).stdout.strip()

        path = os.path.abspath(path)
        dialog = wait("the file dialog", lambda: next((window for window in self.list_windows()
                                                       if tell("getwindowname", window) == title), None))
        tell("windowfocus", "--sync", dialog)
        tell("key", "--clearmodifiers", "--delay", "100", "ctrl+l")
        # What it proposes to go on with stands behind what was typed, and sometimes in the midst of it.
        for _ in range(5):
            tell("key", "--clearmodifiers", "--delay", "100", "ctrl+a")
            tell("type", "--clearmodifiers", "--delay", "30", path)
            tell("key", "--clearmodifiers", "--delay", "100", "shift+End", "Delete")
            try:
                wait("the path in the entry", lambda: (entry := self.focused()) and entry.has_text and entry.text() == path, 2)
                break
            except Failed:
                pass
        else:
            raise Failed(f"the file dialog does not take {path}; there is\n{self.screen()}")
        # While it is still looking for what may be meant, it takes no Return.
        for _ in range(3):
            tell("windowfocus", "--sync", dialog)
            tell("key", "--clearmodifiers", "Return")
            try:
                wait("the file dialog to go", lambda: dialog not in self.list_windows(), 8)
                return
            except Failed:
                pass
        raise Failed(f"the file dialog does not go with {path}")

    def resize(self, width, height):
        self.xdotool("windowsize", WINDOW, str(width), str(height))

    def point(self, node, *then):
        """Moves the mouse to the middle of it."""
        x, y, width, height = node.place()
        self.xdotool("mousemove", "--window", WINDOW, str(x + width // 2), str(y + height // 2), *then)

    def click(self, node):
        self.point(node, "click", "1")

    def has_tooltip(self):
        """Whether there is a surface beside the window's own, as a tooltip's is."""
        return len(self.list_windows()) > 1

    def screenshot(self, name, width=1300, height=800):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-window", "root", "-crop", f"{width}x{height}+0+0", "+repage",
                        str(SCREENSHOTS / f"{name}.png")], timeout=60, check=True)

    def go_to_entry(self, name):
        """Tab, until one can type into the entry of this name."""
        def is_there():
            node = self.focused()
            while node is not None and node.name != name:
                node = node.parent
            return node is not None
        for _ in range(20):
            if is_there():
                return
            self.keys("Tab")
        wait(f"Tab to lead to the entry “{name}”", is_there, 5)

    # Conversation

    def accept_recovery_code(self):
        """The first start's dialog: reads the code, and says that it has been written down."""
        alert = self.see("alert", "Keep Your Recovery Code")
        code = wait("the code", lambda: self.look().find("label", "Recovery code")).text().replace("\n", "")
        alert.find("button", "I Have Written It Down").press()
        self.gone("alert")
        return code

    def open(self, title):
        """Chooses a conversation from the list at the side."""
        self.click(self.see("list item", title, within=lambda root: root.find(None, "Conversations")))
        return wait("its messages", self.messages)

    def composer(self):
        return self.see("text", "Message")

    def messages(self):
        """Who says what, as far as it is in sight: [("You", "…"), ("Reply", "…")]"""
        root = self.look()
        place = root and root.find(None, "Messages")
        rows = place.all("list item") if place else []
        return [(row.name, row_text(row)) for row in rows if row.name in ("You", "Reply")]

    def reply(self):
        """The text of the last reply; "" as long as there is none."""
        replies = [text for who, text in self.messages() if who == "Reply"]
        return replies[-1] if replies else ""

    def send(self, text):
        """Types a message into the composer, sees it there, and sends it with Enter; it has been sent when the composer is empty."""
        self.type(text)
        wait(f"“{text}” in the composer", lambda: self.composer().text() == text)
        self.keys("Return")
        wait("the composer to be empty", lambda: self.composer().text() == "")

    def write(self, text):
        """Sends a message of nothing but text, and sees it among the messages, or the reply that has pushed it out of sight."""
        before = self.messages()
        self.send(text)

        def is_there():
            shown = self.messages()
            return ("You", text) in shown or shown and shown != before and all(who == "Reply" for who, _ in shown)
        wait("the message among the messages", is_there)

    def paste(self, role, name):
        """Pastes until what comes of it is there: of what another program has copied a moment ago a program may not know yet."""
        for _ in range(3):
            self.keys("ctrl+v")
            try:
                return self.see(role, name, 10)
            except Failed as failed:
                last = failed
        raise last

    def is_writing(self):
        return self.look().find("button", "Stop") is not None

    def wait_reply(self, seconds=90):
        """Waits until there is a reply to the last message, and nothing is being written any more."""
        wait("the end of the reply", lambda: not self.is_writing() and (said := self.messages()) and said[-1][0] == "Reply", seconds)
        return self.reply()

    def titles(self):
        """The conversations in the list at the side, from the top."""
        root = self.look()
        place = root and root.find(None, "Conversations")
        return [row.name for row in place.all("list item")] if place else []

    # The end

    def quit(self):
        """Ctrl+Q; the exit status."""
        self.keys("ctrl+q")
        return self.ended()

    def ended(self, seconds=PATIENCE):
        try:
            return self.process.wait(seconds * SLOWER)
        except subprocess.TimeoutExpired:
            raise Failed(f"Sotto has not ended after {seconds * SLOWER} s") from None

    def kill(self):
        """SIGKILL: as a crash or the kernel would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


# Some other program
OTHER = """
import gi
gi.require_version("Gtk", "4.0")
from gi.repository import GLib, Gtk
Gtk.init()
Gtk.Window(title="Elsewhere").present()
GLib.MainLoop().run()
"""


class Elsewhere:
    """Another window, which is there at once. As long as it is entered somebody works in it: nothing of Sotto has the focus."""

    def __init__(self, sotto):
        self.sotto = sotto
        self.process = subprocess.Popen([sys.executable, "-c", OTHER], stdin=subprocess.DEVNULL)
        self.window = subprocess.run(["xdotool", "search", "--sync", "--onlyvisible", "--name", "^Elsewhere$"], check=True,
                                     capture_output=True, text=True, timeout=60).stdout.split()[-1]

    def __enter__(self):
        subprocess.run(["xdotool", "windowfocus", self.window], check=True, timeout=20)
        wait("the window to know that nobody looks", lambda: not self.sotto.look().find("frame").has_state("ACTIVE"))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def row_text(row):
    """What a message says: the first thing in its row, before notices and buttons."""
    body = row
    for _ in ("clamp", "box", "body or editor"):
        if body.children:
            body = body.children[0]

    def without_buttons(node):
        if node.role not in ("button", "toggle button"):
            yield node
            for child in node.children:
                yield from without_buttons(child)
    # Paragraphs, headings and cells are labels with other roles, code is a text view.
    return "\n".join(filter(None, screen.texts_of(list(without_buttons(body)))))


def home():
    """The folders in which a program of this desktop can leave anything."""
    return [pathlib.Path(os.environ[name]) for name in ("HOME", "XDG_RUNTIME_DIR", "TMPDIR")]


def data_folder():
    return pathlib.Path(os.environ["XDG_DATA_HOME"]) / "sotto"


def prefer(**values):
    """Preferences as GSettings keeps them in a file. Call before the first start."""
    os.environ["GSETTINGS_BACKEND"] = "keyfile"
    folder = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "glib-2.0" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["[io/github/sotto_chat/Sotto]"]
    lines += [f"{key.replace('_', '-')}={value}" for key, value in values.items()]
    (folder / "keyfile").write_text("\n".join(lines) + "\n")


def link_models(*names):
    """Puts the models whose file names contain these where Sotto looks; False where one is missing."""
    folder = pathlib.Path(os.environ.get("SOTTO_MODELS", ""))
    library = data_folder() / "models"
    library.mkdir(parents=True, exist_ok=True)
    for name in names:
        found = sorted(file for file in folder.glob("*.gguf") if name in file.name)
        if not found:
            return False
        (library / found[0].name).symlink_to(found[0])
    return True


def need_models(*names):
    if not link_models(*names):
        skip_all(f"{' or '.join(names)} is not here; data/models/fetch puts it there")


def enter_desktop(*options, programs=("xdotool", "import")):
    """Goes on within tests/desktop, whose options these are; what others set must not change what is seen."""
    if "SOTTO_DESKTOP" not in os.environ:
        desktop = str(pathlib.Path(__file__).parents[1] / "desktop")
        os.execv(desktop, [desktop, *options, sys.executable, *sys.argv])
    for program in programs:
        if shutil.which(program) is None:
            skip_all(f"{program} is not installed")
    os.environ.update({"GSETTINGS_SCHEMA_DIR": str(BUILD / "data"), "LC_ALL": "C.UTF-8"})
    # What is lost is looked for in ui/window, which lives the whole program's life; to tell whose it is takes so long that
    # nobody would wait for the window here.
    if SANITIZED:
        os.environ["ASAN_OPTIONS"] += ":detect_leaks=0:fast_unwind_on_malloc=1"
    for name in ("NO_AT_BRIDGE", "GTK_A11Y", "LANGUAGE", "GTK_THEME", "G_DEBUG"):
        os.environ.pop(name, None)


# TAP

class Journey:
    """Steps that stand on each other, each a test case. After one that failed the others are not tried."""

    def __init__(self):
        self.steps = []
        self.sotto = None       # whoever is running, for pictures of a failure, and to be ended

    def step(self, name):
        def register(function):
            self.steps.append((name, function))
            return function
        return register

    def run(self):
        print(f"1..{len(self.steps)}", flush=True)
        failed = None
        for number, (name, function) in enumerate(self.steps, 1):
            if failed is not None:
                print(f"not ok {number} - {name} (not tried, because step {failed} failed)", flush=True)
                continue
            begin = time.monotonic()
            try:
                function()
            except Exception as error:  # a test that is wrong itself is a failed one, too, and Sotto is ended
                failed = number
                lines = [str(error)] if isinstance(error, Failed) else traceback.format_exception(error)
                for line in "".join(lines).splitlines():
                    note(line)
                self.picture(number)
            print(f"{'not ok' if failed == number else 'ok'} {number} - {name}", flush=True)
            note(f"{time.monotonic() - begin:.1f} s")
        if self.sotto is not None and self.sotto.process.poll() is None:
            self.sotto.kill()
        return 1 if failed is not None else 0

    def picture(self, number):
        test = pathlib.Path(sys.argv[0]).stem
        if self.sotto is not None:
            try:
                self.sotto.screenshot(f"failed-{test}-{number}")
                note(f"see {SCREENSHOTS}/failed-{test}-{number}.png")
            except (OSError, subprocess.SubprocessError) as error:
                note(f"no picture of it: {error}")


def note(line):
    print(f"# {line}", flush=True)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)
