"""Sotto in a language of [bráckéts]: whatever is on the screen without them was not marked for translation.

Everything that is said, asked and answered here is made of digits, so letters outside of brackets are ours to answer for, or
GTK's, which speaks Polish meanwhile. Then: the real catalogues are found by the program, numbers and sizes follow the locale,
and with the direction of writing turned round everything lies on the other side.
"""
import locale
import os
import pathlib
import re
import subprocess
import sys

import person
import scripted_model
from person import Journey, Sotto, check, wait

sys.path.append(str(pathlib.Path(__file__).parents[1] / "promises"))
import catalogue  # noqa: E402

person.enter_desktop("--keyring", "none")

person.prefer(window_width=1300, window_height=800)

LOCALE = "pl_PL.UTF-8"      # gettext heeds LANGUAGE only where the locale is a real one
LANGUAGE = "qps"
PLURALS = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
CATALOGUES = pathlib.Path(os.environ["TMPDIR"]) / "catalogues"
DATE = re.compile(r"%[EO]?[a-zA-Z%]")
ACCENTED = str.maketrans("aceinorsuyzACEINORSUYZ", "áçéíñóŕšúýžÁÇÉÍÑÓŔŠÚÝŽ")

PASSPHRASE = "12345678"
QUESTION = "1 + 1?"
SCRIPT = ("<think>\n3\n</think>\n\n2\n\n```\n1 + 1\n```\n\n| 4 | 5 |\n|---|---|\n| 6 | 7 |\n\n"
          "<tool_call>\n{\"name\": \"42\", \"arguments\": {\"8\": 9}}\n</tool_call>")

# What is the same in every language, or is said by others: names, places, commands, keys, facts of a file.
SAME = [re.compile(pattern) for pattern in (
    r"[Ss]otto", r"[~/][\w./~ -]*", r"(?:flatpak|strace|grep|tests/run|SOTTO\w*=).*", r"llama|F32|GGUF|Top-[pk]|Min-p",
    r"(?:[0-9A-Z]{5}-?)+", r"(?:Ctrl|Shift|Alt|Enter|Return|Escape|F\d+|Page|[A-Z](?=$|\+)|\W)+", r"[\d.,\s]+(?:kB|MB|GB|B)", r"https?://\S+",
    # What a receipt says: a file, a fingerprint, what computed it, a revision
    r"[\w.-]+\.gguf", r"(?:[0-9a-f]{8} ?){8}", r"cpu-\w+|reference", r"[0-9a-f]{12}\+?",
    r".*\d\d:\d\d:\d\d.*")]

journey = Journey()
step = journey.step


def pseudo(text):
    """[Thé šámé téxt], with what is filled in, markup and the mnemonic as they are."""
    keep = re.compile("|".join(pattern.pattern for pattern in (catalogue.DIRECTIVE, catalogue.TAG, DATE)))
    words, at = "", 0
    for found in keep.finditer(text):
        words += text[at:found.start()].translate(ACCENTED) + found[0]
        at = found.end()
    return f"[{words}{text[at:].translate(ACCENTED)}]"


def says(message, *values):
    """How the pseudo-locale says it on the screen."""
    return catalogue.MNEMONIC.sub("", pseudo(message)) % values if values else catalogue.MNEMONIC.sub("", pseudo(message))


def of_others():
    """What GTK, libadwaita and GLib say in Polish, as expressions."""
    found = set()
    for domain in ("gtk40", "libadwaita", "glib20"):
        file = pathlib.Path("/usr/share/locale/pl/LC_MESSAGES") / f"{domain}.mo"
        if file.exists():
            for forms in catalogue.read_mo(file.read_bytes()).values():
                found.update(form.replace("_", "") for form in forms if form)
    plain = {text for text in found if "%" not in text}
    patterns = [re.compile(re.sub(r"%(?:\d\\?\$)?[a-z]+", ".*", re.escape(text))) for text in found
                if "%" in text and len(re.findall(r"[^\W\d_]", re.sub("%[a-z]+", "", text))) > 2]
    return plain, patterns


THEIRS, THEIR_PATTERNS = of_others()


def bare(text):
    """What stands outside of brackets and holds letters."""
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", text)) != text:
        text = shorter
    return [part.strip() for part in re.split("\n| · ", text) if re.search(r"[^\W\d_]", part)]


def is_ours(text):
    return not (text in THEIRS or any(pattern.fullmatch(text) for pattern in SAME)
                or any(pattern.fullmatch(text) for pattern in THEIR_PATTERNS))


def texts(node):
    """Everything a person reads or hears of a thing."""
    yield node.name
    yield node.description()
    if node.role in ("entry", "text"):
        yield node.attributes().get("placeholder-text", "")
    if node.has_text:
        yield node.text()


def look_through(where):
    """Complains of every text on the screen that is in no brackets."""
    left_out, count = set(), 0
    for node in journey.sotto.look().walk():
        for text in texts(node):
            count += bool(text)
            left_out |= {f"{node.role}: “{part}”" for part in bare(text) if is_ours(part)}
    person.note(f"{where}: {count} texts")
    check(not left_out, f"{where}: not translated: " + ", ".join(sorted(left_out)))


def dialog():
    return journey.sotto.look().find("dialog") or journey.sotto.look().find("alert")


def leave_dialog():
    journey.sotto.keys("Escape")
    wait("the dialog to go", lambda: dialog() is None)


def activate(action):
    """As the shell would."""
    subprocess.run(["gdbus", "call", "--session", "--dest", "io.github.sotto_chat.Sotto", "--object-path",
                    "/io/github/sotto_chat/Sotto", "--method", "org.gtk.Actions.Activate", action, "[]", "{}"],
                   check=True, timeout=20, stdout=subprocess.DEVNULL)


try:
    locale.setlocale(locale.LC_ALL, LOCALE)
except locale.Error:
    person.skip_all(f"there is no locale {LOCALE}")
try:
    ENGLISH = catalogue.template()
except catalogue.Skip as reason:
    person.skip_all(str(reason))

catalogue.write_mo(CATALOGUES / LANGUAGE / "LC_MESSAGES" / "sotto.mo",
                   {message: [pseudo(form) for form in forms] for message, forms in ENGLISH.items()},
                   {message: forms[1] for message, forms in ENGLISH.items() if len(forms) > 1}, PLURALS)
BUILT = os.environ.get("SOTTO_LOCALE_DIR") or str(person.BUILD / "po")
os.environ.update({"LC_ALL": LOCALE, "LANGUAGE": f"{LANGUAGE}:pl", "SOTTO_LOCALE_DIR": str(CATALOGUES)})
MODELS = person.data_folder() / "models"
MODELS.mkdir(parents=True)
scripted_model.write(MODELS / "007.gguf", SCRIPT, name="007")
(MODELS / "008.gguf").write_bytes(b"GGUF\3\0\0\0 and nothing that a model has")


@step("The first start")
def _():
    sotto = journey.sotto = Sotto()
    sotto.see("label", says("Choose a Passphrase"))
    look_through("a passphrase to be chosen")
    sotto.type(PASSPHRASE)
    sotto.go_to_entry(says("Passphrase Again"))
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    alert = sotto.see("alert", says("Keep Your Recovery Code"))
    look_through("the recovery code")
    alert.find("button", says("_I Have Written It Down")).press()
    sotto.gone("alert")


@step("The first page")
def _():
    sotto = journey.sotto
    sotto.see(None, says("What Is on Your Mind?"))
    sotto.screenshot("pseudo-first-page")
    look_through("the first page")
    # GTK gives the items of menus no names: they are held to it by promises/test-strings.py.


def dialog_step(title, open_it):
    @step(title)
    def _():
        open_it()
        wait("a dialog", dialog)
        look_through(title)
        journey.sotto.screenshot(f"pseudo-{title.lower().replace(' ', '-')}")
        leave_dialog()


def keys(*names):
    return lambda: journey.sotto.keys("ctrl+l", *names)


dialog_step("Preferences", keys("ctrl+comma"))
dialog_step("Keyboard shortcuts", keys("ctrl+question"))
dialog_step("Privacy", lambda: journey.sotto.see("button", says("What Stays _Private")).press())
dialog_step("About", lambda: activate("about"))


@step("The list of models, and the details of one")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+m")
    sotto.see(None, re.compile(re.escape(says("Cannot Be Used"))))
    look_through("the list of models")
    sotto.screenshot("pseudo-models")
    sotto.see("button", says("Details of %s", "007")).press()
    wait("the details", dialog)
    look_through("the details of a model")
    sotto.screenshot("pseudo-model")
    leave_dialog()


@step("A conversation, with thoughts, code, a table and a tool")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    sotto.type(QUESTION)
    sotto.keys("Return")
    sotto.see(None, says("Wanted to use “%s”", "42"))
    look_through("a conversation")
    sotto.screenshot("pseudo-conversation")


@step("A message is edited, a reply told of, a conversation renamed and searched")
def _():
    sotto = journey.sotto
    sotto.see("button", says("Edit Message")).press()
    sotto.see(None, says("Edited message"))
    look_through("an edited message")
    sotto.see("button", says("_Cancel")).press()
    sotto.see("button", says("Details of This Reply")).press()
    wait("the details", dialog)
    look_through("the details of a reply")
    leave_dialog()
    sotto.keys("ctrl+l", "F2")
    wait("a dialog", dialog)
    look_through("a new name")
    leave_dialog()
    sotto.keys("ctrl+shift+e")
    wait("a dialog", dialog)
    look_through("an export")
    leave_dialog()
    sotto.keys("ctrl+f")
    sotto.see(None, says("Find in this conversation"))
    sotto.type("1")
    wait("something to be found", lambda: sotto.see("button", says("Previous Match")).has_state("SENSITIVE"))
    look_through("what is found")
    sotto.keys("Escape", "ctrl+k")
    sotto.type("123456")
    sotto.see(None, says("Nothing Found"))
    look_through("a search in vain")
    sotto.keys("Escape")


@step("The next start is locked, and says so")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    sotto.see("label", says("Your Conversations Are Locked"))
    look_through("the locked page")
    sotto.type("87654321")
    sotto.keys("Return")
    sotto.see(None, says("That does not open your conversations. Check it and try again; nothing was changed."))
    look_through("a wrong passphrase")
    sotto.go_to_entry(says("Passphrase"))
    sotto.keys("ctrl+a")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.see(None, says("What Is on Your Mind?"))
    look_through("what was said before")
    check(sotto.quit() == 0, "its exit status was not 0")


@step("The catalogues of the tree are found by the program, each in its language")
def _():
    for language in catalogue.languages():
        messages, _ = catalogue.compile_po(language)
        said = subprocess.run([person.PROGRAM, "--help"], capture_output=True, text=True, timeout=30, check=False,
                              env={**os.environ, "LANGUAGE": language, "SOTTO_LOCALE_DIR": BUILT})
        check(messages["Show the version"][0] in said.stdout, f"{language}: it says {said.stdout}{said.stderr}")


@step("Turned round, the list is on the right and what sends is on the left")
def _():
    os.environ.update({"LANGUAGE": LANGUAGE, "GTK_DEBUG": "invert-text-dir"})
    sotto = journey.sotto = Sotto()
    sotto.go_to_entry(says("Passphrase"))
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.see(None, says("What Is on Your Mind?"))

    def left_of(role, name):
        return sotto.see(role, name).place()[0]
    wait("the list to lie to the right", lambda: left_of("list", says("Conversations")) > left_of("text", says("Message")))
    check(left_of("button", says("Send")) < left_of(None, re.compile(re.escape(says("Model: %s", "")[:4]))),
          "what sends is not at the end of the line")
    sotto.screenshot("right-to-left")
    sotto.click(sotto.see("list item", QUESTION))
    sotto.see(None, says("Wanted to use “%s”", "42"))
    check(left_of("button", says("Edit Message")) < left_of("button", says("Details of This Reply")),
          "what a person has written does not lie to the left")
    sotto.screenshot("right-to-left-conversation")
    check(sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
