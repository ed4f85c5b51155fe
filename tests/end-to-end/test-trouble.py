"""What a person sees when the key or the file of the conversations is not as it should be."""
import hashlib
import subprocess

import person
from person import Journey, Sotto, check, wait

person.enter_desktop(programs=("xdotool", "import", "secret-tool"))
person.prefer(window_width=1300, window_height=800)
person.need_models("SmolLM2-135M")

MESSAGE = "Remember the Wurzelbrumm."

journey = Journey()
step = journey.step
code = ""
whole = b""
SCHEMA = "io.github.sotto_chat.Sotto.History"
DATABASE = person.data_folder() / "history.db"
ENVELOPE = person.data_folder() / "history.key"


def hashes():
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in (DATABASE, ENVELOPE)]


def see_page(title, picture):
    """The page with this title stands where the conversations would; Sotto quits, and has changed nothing."""
    before = hashes()
    sotto = journey.sotto = Sotto()
    sotto.see("label", title)
    check(sotto.look().find("text", "Message") is None, "one can write as if nothing were wrong")
    sotto.screenshot(picture)
    return before


def leave(before):
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    check(hashes() == before, "the file or its key was changed")


@step("A conversation is kept under the keyring")
def _():
    global code, whole
    sotto = journey.sotto = Sotto()
    code = sotto.accept_recovery_code()
    sotto.write(MESSAGE)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())
    check(sotto.quit() == 0, "its exit status was not 0")
    whole = DATABASE.read_bytes()
    check(len(whole) > 8192 and not whole.startswith(b"SQLite"), "the database is empty or not encrypted")


@step("A damaged file has its page, and stays as it is")
def _():
    # A bit in every 512 bytes: wherever one looks first, it is not what was written.
    damaged = bytearray(whole)
    damaged[::512] = bytes(byte ^ 1 for byte in damaged[::512])
    DATABASE.write_bytes(damaged)
    leave(see_page("Your Conversations Cannot Be Read", "corrupt"))


@step("So does a file that ends in the middle")
def _():
    DATABASE.write_bytes(whole[:len(whole) // 2 + 100])
    leave(see_page("Your Conversations Cannot Be Read", "truncated"))


@step("A file that is gone is no reason to begin a new one")
def _():
    DATABASE.unlink()
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Your Conversations Cannot Be Read")
    check(sotto.quit() == 0, "its exit status was not 0")
    check(not DATABASE.exists(), "a new database was made")
    DATABASE.write_bytes(whole)


@step("A keyring that has lost the key has its page")
def _():
    # Without attributes secret-tool takes none out; every secret of ours has this one.
    subprocess.run(["secret-tool", "clear", "xdg:schema", SCHEMA], check=True, timeout=20)
    before = see_page("The Key Is Not Here", "key-lost")
    check(hashes() == before, "the file or its key was changed")


@step("The recovery code opens the conversations all the same")
def _():
    sotto = journey.sotto
    sotto.see("button", "Use the Recovery Code").press()
    wait("its entry", lambda: sotto.look().find(None, "Recovery Code"))
    sotto.go_to_entry("Recovery Code")
    sotto.type(code.lower())
    sotto.keys("Return")
    title = wait("the conversation in the list", lambda: next(iter(sotto.titles()), None))
    sotto.open(title)
    wait("the message", lambda: ("You", MESSAGE) in sotto.messages())
    check(sotto.quit() == 0, "its exit status was not 0")


@step("A locked keyring that nobody unlocks is not waited for without end")
def _():
    subprocess.run(["secret-tool", "lock", "--collection=login"], check=True, timeout=20)
    before = hashes()
    sotto = journey.sotto = Sotto(settle=False)
    sotto.see("button", "Stop Waiting").press()
    sotto.see("label", "The Keyring Is Locked")
    sotto.see("button", "Use the Recovery Code")
    sotto.screenshot("keyring-locked")
    # The keyring's own question has the keyboard, so the window is closed by its button.
    sotto.see("button", "Close").press()
    check(sotto.ended() == 0, "its exit status was not 0")
    check(hashes() == before, "the file or its key was changed")


if __name__ == "__main__":
    raise SystemExit(journey.run())
