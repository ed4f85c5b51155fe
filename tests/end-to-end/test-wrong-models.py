"""Files that are no models, and a model that goes away: the list says why, and everything else goes on. One that was added
gives its memory back and leaves the list when somebody wants it."""
import pathlib
import re

import person
import scripted_model
from person import Journey, Sotto, check, wait

person.enter_desktop()
person.prefer(window_width=1300, window_height=800)
FAMILIES = pathlib.Path(__file__).parents[1] / "engine" / "families"

journey = Journey()
step = journey.step
folder = person.data_folder() / "models"


TEXT = " ".join(f"Then the baker sold the loaf number {n}." for n in range(40))


def rows():
    """What the list of models says of each."""
    found = journey.sotto.look().find("list", "Models")
    return {row.name: " ".join(label.name for label in row.all("label")) for row in found.all("list item")}


@step("Each file that cannot be used says why, and another one is used")
def _():
    folder.mkdir(parents=True)
    (folder / "Report.gguf").write_bytes(b"%PDF-1.7\n" + bytes(4000))
    (folder / "Half.gguf").write_bytes((FAMILIES / "llama.gguf").read_bytes()[:100000])
    (folder / "Empty.gguf").touch()
    (folder / "Folder.gguf").mkdir()
    scripted_model.write(folder / "Baker.gguf", TEXT, layers=40, name="Baker")
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.see("toggle button", "Model: Baker")
    sotto.keys("ctrl+shift+m")
    wait("the row of the model to have the focus", lambda: sotto.focused() and sotto.focused().name == "Baker")
    said = rows()
    check(list(said) == ["Baker", "Empty", "Folder", "Half", "Report"], f"the list shows {list(said)}")
    for name, reason in {"Report": "“Report.gguf” is not a model file.", "Empty": "“Empty.gguf” is not a model file.",
                         "Half": "“Half.gguf” is not complete:", "Folder": "Is a directory"}.items():
        check(reason in said[name], f"of {name} the list says: {said[name]}")
    sotto.screenshot("wrong-models")
    sotto.keys("Escape")
    wait("the list to be closed, and the composer to have the focus again", lambda: sotto.composer().has_state("FOCUSED"))


@step("A model whose file is deleted while it writes goes on to its end, and answers again")
def _():
    sotto = journey.sotto
    sotto.write("Tell me about the baker.")
    wait("the beginning of the reply", lambda: "baker" in sotto.reply())
    (folder / "Baker.gguf").unlink()
    check(sotto.wait_reply() == TEXT, f"the reply is: {sotto.reply()}")
    sotto.write("Tell me more.")
    wait("the next one", lambda: ("You", "Tell me more.") in sotto.messages() and sotto.reply() == TEXT)
    sotto.keys("ctrl+shift+m")
    wait("the list without it", lambda: list(rows()) == ["Empty", "Folder", "Half", "Report"])
    sotto.keys("Escape")
    wait("the composer to have the focus again", lambda: sotto.composer().has_state("FOCUSED"))


@step("The next start says that there is no usable one, and why")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    sotto.see("label", "No Usable Model")
    sotto.screenshot("no-usable-model")
    check(sotto.quit() == 0, "its exit status was not 0")


def open_details(sotto, name):
    sotto.keys("ctrl+shift+m")
    wait("the list", lambda: name in rows())
    sotto.look().find("button", f"Details of {name}").press()
    sotto.see("dialog", name)


def press_row(sotto, name, key="shift+Tab"):
    """Rows that are buttons have no action for others than the keyboard and the mouse."""
    sotto.go_to("button", name, key)
    sotto.keys("Return")


@step("A model that was added gives its memory back, and opens again for the next message")
def _():
    added = person.home()[0] / "Elsewhere" / "Wanderer.gguf"
    added.parent.mkdir()
    scripted_model.write(added, TEXT, layers=2, name="Wanderer")
    person.prefer(window_width=1300, window_height=800, added_models=[str(added), str(added.with_name("Lost.gguf"))])
    sotto = journey.sotto = Sotto()
    sotto.see("toggle button", re.compile("^Model: Wanderer"))
    sotto.keys("ctrl+n")
    sotto.write("Tell me about the baker.")
    check(sotto.wait_reply() == TEXT, f"the reply is: {sotto.reply()}")
    open_details(sotto, "Wanderer")
    press_row(sotto, "Free Its Memory", "Tab")
    sotto.gone("button", "Free Its Memory")
    sotto.screenshot("model-added")
    sotto.keys("Escape")
    sotto.gone("dialog", "Wanderer")
    sotto.see("toggle button", "Model: Wanderer")
    sotto.write("Tell me more.")
    wait("the next one", lambda: ("You", "Tell me more.") in sotto.messages() and sotto.reply() == TEXT)
    sotto.see("toggle button", "Model: Wanderer, on CPU")


@step("It leaves the list, and comes back with Undo; one that is lost leaves it as well")
def _():
    sotto = journey.sotto
    open_details(sotto, "Wanderer")
    press_row(sotto, "Remove From the List")
    sotto.see("button", "Undo")
    sotto.screenshot("model-removed")
    sotto.keys("ctrl+shift+m")
    wait("the list without it", lambda: "Wanderer" not in rows() and "Lost" in rows())
    sotto.keys("Escape")
    sotto.see("button", "Undo").press()
    open_details(sotto, "Lost")
    press_row(sotto, "Remove From the List")
    sotto.gone("dialog", "Lost")
    sotto.keys("ctrl+shift+m")
    wait("the one list without the other", lambda: "Wanderer" in rows() and "Lost" not in rows())
    sotto.keys("Escape")
    check(sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
