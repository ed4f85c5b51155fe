"""A long conversation after a restart: what the model has read of it need not be read again, and nobody but Sotto can read it."""
import json
import os
import pathlib
import re
import struct
import subprocess

import envelope_key
import footprints
import person
import sealed_files
from person import Journey, Sotto, check, wait

person.enter_desktop("--keyring", "none")
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=12)
person.need_models("SmolLM2-135M")

PASSPHRASE = "nine blue hedgehogs"
TITLE = "About the Wurzelbrumm"
WORDS = [f"The Wurzelbrumm number {i} likes the Moosdrungel of Ankerplumm, says Quendelfax." for i in range(40)]
FIRST = "Who likes what?"
SECOND = "And who says so?"
ID = "0b9d4bd6-6f0c-4c0e-9d0e-3d6a4f3f7a10"

journey = Journey()
step = journey.step
out = person.home()[0] / "out"
out.mkdir()
kept = person.data_folder() / "timelines"
key = b""


def write_archive():
    """A conversation of some 1,000 tokens, as app/transfer/archive-write.c describes it."""
    time = "2026-11-21T20:45:02.018000Z"
    said = [{"kind": "text", "text": " ".join(WORDS)}]
    messages = [
        {"id": "0b9d4bd6-6f0c-4c0e-9d0e-3d6a4f3f7a11", "shown": True, "role": "user", "status": "complete", "created": time,
         "parts": said},
        {"id": "0b9d4bd6-6f0c-4c0e-9d0e-3d6a4f3f7a12", "parent": "0b9d4bd6-6f0c-4c0e-9d0e-3d6a4f3f7a11", "shown": True,
         "role": "assistant", "status": "complete", "created": time, "parts": [{"kind": "text", "text": "I see."}]}]
    path = out / "long.sotto"
    path.write_text(json.dumps({"format": "sotto-conversations", "version": 1, "conversations": [
        {"id": ID, "title": TITLE, "created": time, "updated": time, "messages": messages}]}))
    return path


def begin():
    sotto = journey.sotto = Sotto()
    return sotto


def unlock(sotto):
    sotto.go_to_entry("Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    wait("the conversations", sotto.titles)


def ask(sotto, text):
    sotto.open(TITLE)
    sotto.keys("ctrl+l")
    sotto.write(text)
    check(sotto.wait_reply(), "the reply is empty")


def has_hash():
    """Whether the model's hash is known, to which what is kept is bound."""
    return (pathlib.Path(os.environ["XDG_CACHE_HOME"]) / "sotto" / "hashes").exists()


def receipts(sotto, name):
    """Of the conversation, from an export."""
    def tell(*arguments):
        return subprocess.run(["xdotool", *arguments], capture_output=True, text=True, timeout=60, check=False).stdout.strip()

    sotto.choose_in_menu("win.export-all")
    sotto.see("alert", "Export All").find("button", "Export…").press()
    dialog = wait("the file dialog", lambda: next((window for window in sotto.list_windows()
                                                   if tell("getwindowname", window) == "Export"), None))
    tell("windowfocus", "--sync", dialog)
    tell("key", "--clearmodifiers", "--delay", "100", "ctrl+a")
    tell("type", "--clearmodifiers", "--delay", "30", str(out / name))
    tell("key", "--clearmodifiers", "--delay", "100", "shift+End", "Delete", "Return")
    sotto.see("label", re.compile("Exported as"))
    document = json.loads((out / name).read_text())
    return [json.loads(message["receipt"]) for message in document["conversations"][0]["messages"] if "receipt" in message]


@step("A long conversation goes on, and Sotto is closed: what its model has read is kept, and opens with the history's key only")
def _():
    global key
    sotto = begin()
    sotto.see("label", "Choose a Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Tab")
    sotto.go_to_entry("Passphrase Again")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.see("label", "Recovery code")
    sotto.accept_recovery_code()
    path = write_archive()
    sotto.keys("ctrl+o")
    wait("Sotto among the programs", lambda: (row := sotto.focused()) and row.fits("list item", re.compile("^Sotto")))
    sotto.keys("Return")
    sotto.choose("Import", path)
    wait("the conversation", lambda: TITLE in sotto.titles())
    path.unlink()
    ask(sotto, FIRST)
    wait("the model to be known", has_hash)
    check(not kept.exists(), "something is kept while it runs")
    check(sotto.quit() == 0, "it did not end well")

    files = list(kept.iterdir())
    check(len(files) == 1, f"there is {files}")
    key = envelope_key.unwrap(person.data_folder() / "history.key", PASSPHRASE)
    bytes_ = sealed_files.unseal(files[0], key)
    check(bytes_[:8] == b"SottoKV\0", f"it begins with {bytes_[:8]}")
    n_tokens, = struct.unpack_from("<I", bytes_, 20)
    check(n_tokens > 800, f"it has {n_tokens} tokens")
    check(files[0].name == sealed_files.name(key, ID, bytes_[32:96].decode()), f"it is called {files[0].name}")
    person.note(f"{n_tokens} tokens, {files[0].stat().st_size} bytes")
    try:
        sealed_files.unseal(files[0], bytes(32))
    except ValueError:
        pass
    else:
        raise person.Failed("another key opens it as well")


@step("After a restart its next reply begins with what was read before")
def _():
    sotto = begin()
    unlock(sotto)
    ask(sotto, SECOND)
    first, second = receipts(sotto, "after.sotto")[-2:]
    person.note(f"{second['prompt_tokens']} tokens, {second['reused_tokens']} of them read before")
    check(first["prompt_tokens"] > 800, f"the first prompt had {first['prompt_tokens']} tokens")
    check(second["reused_tokens"] >= first["prompt_tokens"], f"of {second['prompt_tokens']} tokens {second['reused_tokens']} were there")
    check(second["stretches"][0] == first["stretches"][0], f"it came about as {second['stretches']}, before as {first['stretches']}")
    (out / "after.sotto").unlink()


@step("The preferences say what it takes")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+comma")
    sotto.see(None, "Keep Long Conversations Ready")
    texts = [text for node in sotto.look().walk() for text in (node.name, node.description()) if text]
    check(any(re.search(r"Takes \d.*of the disk", text) for text in texts), f"there is {[text for text in texts if 'disk' in text]}")
    sotto.screenshot("preferences-kept")
    sotto.keys("Escape")
    check(sotto.quit() == 0, "it did not end well")


@step("No word of it stands in plain text anywhere")
def _():
    texts = [TITLE, FIRST, SECOND, "Moosdrungel", "Quendelfax", *footprints.pieces(WORDS[3])]
    check(len(list(kept.iterdir())) == 1, "nothing is kept to search in")
    found = footprints.search(person.home(), texts)
    check(not found, "\n".join(found[:20]))


@step("Deleted, nothing is left of it")
def _():
    sotto = begin()
    unlock(sotto)
    sotto.open(TITLE)
    sotto.see("button", "Conversation Menu").press()
    wait("the menu", lambda: len(sotto.look().all("menu item")) >= 6)
    sotto.look().all("menu item")[-1].press()
    wait("it to go", lambda: TITLE not in sotto.titles())
    check(sotto.quit() == 0, "it did not end well")
    check(list(kept.iterdir()) == [], f"there is {list(kept.iterdir())}")


if __name__ == "__main__":
    raise SystemExit(journey.run())
