"""What the desktop asks of Sotto, and Sotto of the desktop: searches from the shell, files, notifications, staying awake."""
import json
import os
import pathlib

import person
import screen
import session_services
from person import Elsewhere, Journey, Sotto, check, wait, wait_same

person.enter_desktop("--keyring", "none")
# Replies that take a second or two, and always the same
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=240)
person.need_models("SmolLM2-135M")

PASSPHRASE = "nine blue lanterns"
FIRST = "Tell me a long story about Wurzelbrumm the baker and the sea."
MORE = "Tell me a much longer story."
SECOND = "Tell me a long story about Tannenquirl the sailor and the bread."

journey = Journey()
step = journey.step
scratch = pathlib.Path(os.environ["SOTTO_DESKTOP"])
services = session_services.Services(scratch / "services")
shell = session_services.Shell()
found = []      # ids of conversations


def serve():
    journey.sotto = Sotto(arguments=("--gapplication-service",), settle=False)
    shell.wait_owned()
    return journey.sotto


def has_window():
    root = journey.sotto.look()
    return root is not None and root.find("frame") is not None and any(
        frame.has_state("VISIBLE") for frame in root.all("frame"))


@step("Asked by the shell without a window it finds nothing, makes nothing and wakes nobody")
def _():
    serve()
    check(shell.find("wurzelbrumm") == [], "it has found something")
    files = [path for path in person.data_folder().rglob("*") if path.is_file() and "models" not in path.parts]
    check(not files, f"it has made {files}")
    check(not shell.is_owned("org.freedesktop.secrets"), "the keyring was started")
    check(journey.sotto.look() is None, "it has opened a window")


@step("Activated by the desktop, the same process opens its window")
def _():
    sotto = journey.sotto
    shell.activate()
    sotto.see("label", "Choose a Passphrase")
    wait("the entry", lambda: sotto.look().find("text", "Passphrase").has_state("FOCUSED"))
    sotto.type(PASSPHRASE)
    sotto.keys("Tab")
    sotto.go_to_entry("Passphrase Again")
    sotto.type(PASSPHRASE)
    wait("Begin to be offered", lambda: sotto.see("button", "Begin").has_state("SENSITIVE"))
    sotto.keys("Return")
    sotto.accept_recovery_code()


@step("While it writes the computer stays awake, and not longer")
def _():
    sotto = journey.sotto
    check(not services.calls("Inhibit"), "it keeps the computer awake without a reason")
    sotto.write(FIRST)
    asked = wait("the session manager to be asked", lambda: services.calls("Inhibit"))
    check(asked[0][0] == "io.github.sotto_chat.Sotto" and asked[0][3] == 4, f"it asked for {asked[0]}, not for suspending")
    check(sotto.wait_reply().strip() != "", "the reply is empty")
    wait_same("what it gave back", lambda: services.calls("Uninhibit"), [[7]])


@step("What is done while one works elsewhere is told, and taken back as soon as one looks")
def _():
    sotto = journey.sotto
    elsewhere = Elsewhere(sotto)
    sotto.write(MORE)
    with elsewhere:
        check(not services.calls("AddNotification"), "the reply was over before one could look away")
        told = wait("a notification", lambda: services.calls("AddNotification"), 90)
        before = len(services.calls("RemoveNotification"))
    sotto.keys("shift")
    taken = wait("it to be taken back", lambda: services.calls("RemoveNotification")[before:])
    check(taken[0] == told[0][:2], f"{taken} was taken back, not {told}")


@step("The shell finds the conversation by what was written in it, with its title")
def _():
    found.extend(wait("a result", lambda: shell.find("wurzelbrumm")))
    check(len(found) == 1, f"found {found}")
    check(shell.find("baker", "wurzel") == found, "two words do not find it")
    check(shell.find("fennwurz") == [], "another word finds something")
    check(shell.search("GetSubsearchResultSet", "(asas)", [], ["wurzelbrumm"])[0] == found, "a refined search does not")
    metas = shell.search("GetResultMetas", "(as)", found + ["not-there"])[0]
    check(len(metas) == 1 and metas[0]["id"] == found[0] and "Wurzelbrumm" in metas[0]["name"], f"it says {metas}")


@step("A chosen result opens its conversation, and the shell's words are searched in the window")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")
    shell.search("ActivateResult", "(sasu)", found[0], ["wurzelbrumm"], 0)
    wait("its messages", lambda: ("You", FIRST) in sotto.messages())
    shell.search("LaunchSearch", "(asu)", ["wurzelbrumm", "the"], 0)
    wait("the words in the search", lambda: "wurzelbrumm the" in screen.texts_of(sotto.look().walk()))
    sotto.keys("Escape")


@step("A model file that is opened with Sotto is added where it lies, and used")
def _():
    sotto = journey.sotto
    elsewhere = person.home()[0] / "Downloads"
    elsewhere.mkdir()
    file = elsewhere / "brought-along.gguf"
    file.symlink_to(next((person.data_folder() / "models").iterdir()).readlink())
    second = Sotto(arguments=(str(file),), settle=False)
    check(second.ended() == 0, f"the second process ended with {second.process.returncode}")
    added = lambda: [line for line in (pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "glib-2.0/settings/keyfile")
                     .read_text().splitlines() if "brought-along" in line]
    wait("the file among the added ones", added)
    check(len(sotto.look().all("frame")) == 1, "there are two windows")


@step("What is no model is refused with a reason")
def _():
    sotto = journey.sotto
    file = person.home()[0] / "Downloads" / "words.gguf"
    file.write_text("no model at all")
    Sotto(arguments=(str(file),), settle=False).ended()
    sotto.see("alert", "This File Cannot Be Used").find("button", "Close").press()
    sotto.gone("alert")


@step("A window that is closed while it writes goes, and the reply goes on")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")
    sotto.write(SECOND)
    wait("the beginning of the reply", sotto.reply)
    check(len(services.calls("AddNotification")) == 1, "a notification came while one was looking")
    sotto.keys("ctrl+w")
    wait("the window to go", lambda: not has_window())
    check(sotto.process.poll() is None, "the program has gone with it")


@step("When it is done a notification says so and not what, and nothing goes on running")
def _():
    sotto = journey.sotto
    status = sotto.ended(90)
    check(status == 0, f"its exit status was {status}")
    told = wait("a notification", lambda: services.calls("AddNotification")[1:])
    check(len(told) == 1, f"there were {len(told)}")
    words = json.dumps(told)
    check(told[0][2]["title"] == "Your Reply Is Ready", f"it says {told[0]}")
    check("Tannenquirl" not in words and "sailor" not in words, f"it gives away {words}")
    check(not shell.is_owned("io.github.sotto_chat.Sotto"), "it is still on the bus")
    found.append(told[0][2]["default-action-target"])


@step("Locked, it tells the shell nothing")
def _():
    serve()
    check(shell.find("wurzelbrumm") == [], "it has found something")
    shell.activate()
    journey.sotto.see("label", "Your Conversations Are Locked")
    check(shell.find("wurzelbrumm") == [], "it has found something")
    check(shell.search("GetResultMetas", "(as)", found)[0] == [], "it tells titles")


@step("The notification leads to its conversation, once the passphrase was entered; the reply is whole")
def _():
    sotto = journey.sotto
    shell.action("open-conversation", found[1])
    wait("the entry", lambda: sotto.look().find("text", "Passphrase").has_state("FOCUSED"))
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    wait("its messages", lambda: ("You", SECOND) in sotto.messages())
    check(len(sotto.reply()) > 200, f"the reply is “{sotto.reply()}”")
    check(sotto.look().find("label", "Stopped") is None, "the reply was stopped")


@step("Ctrl+Q while it writes stops the reply and ends at once")
def _():
    sotto = journey.sotto
    sotto.write("Tell me more about the bread.")
    wait("a second reply", lambda: sotto.is_writing())
    check(sotto.quit() == 0, f"its exit status was {sotto.process.returncode}")
    check(len(services.calls("AddNotification")) == 2, "a notification was sent all the same")
    wait("the computer to be free to sleep", lambda: len(services.calls("Inhibit")) == len(services.calls("Uninhibit")), 10)


@step("Started by the desktop and not needed, it ends by itself")
def _():
    status = serve().ended(90)
    check(status == 0, f"its exit status was {status}")


if __name__ == "__main__":
    try:
        status = journey.run()
    finally:
        services.close()
    raise SystemExit(status)
