"""Files that are no models, and a model that goes away: the list says why, and everything else goes on."""
import pathlib
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


if __name__ == "__main__":
    raise SystemExit(journey.run())
