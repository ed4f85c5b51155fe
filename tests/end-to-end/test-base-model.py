"""A base model, and files that cannot be chatted with: what a person sees of them, and how a text is continued."""
import pathlib
import re
import shutil
import subprocess
import time

import person
import scripted_model
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800)

BOOK = " young woman who mended nets.\n\nOne day she found a Flaschenpost."
BEGINNING = "Once upon a time there lived a"
FOLDER = person.data_folder() / "models"
FOLDER.mkdir(parents=True, exist_ok=True)
FAMILIES = pathlib.Path(__file__).parents[1] / "engine" / "families"

scripted_model.write(FOLDER / "Storyteller Base.gguf", BOOK, name="Storyteller Base", anywhere=True)
scripted_model.write(FOLDER / "Zoe Instruct.gguf", "Yes.", name="Zoe Instruct")
shutil.copy(FAMILIES / "bert.gguf", FOLDER / "all-MiniLM.gguf")
(FOLDER / "page.gguf").write_text("<html>Not found</html>\n")

journey = Journey()
step = journey.step
PICKER = re.compile("^Model: ")


@step("--ask takes a part of a name that no other model has, and says which there are where several have it")
def _():
    def ask(name):
        asked = subprocess.run([person.PROGRAM, "--model", name, "--ask", BEGINNING], capture_output=True, text=True,
                               timeout=60, check=False)
        return asked.returncode, asked.stdout, asked.stderr
    check(ask("storyt") == (0, BOOK + "\n", ""), f"it says {ask('storyt')}")
    check(ask("base")[1] == BOOK + "\n", f"it says {ask('base')}")
    status, out, err = ask("e")
    check(status == 1 and not out and "Storyteller Base" in err and "Zoe Instruct" in err, f"it says {err}")
    status, out, err = ask("minilm")
    check(status == 1 and not out and "by their meaning" in err, f"it says {err}")


@step("Those that answer come first; what cannot be used stands last, says why, and cannot be chosen")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.resize(1300, 800)
    wait("the model that answers", lambda: sotto.see("toggle button", PICKER).name.startswith("Model: Zoe Instruct"))
    sotto.see("toggle button", PICKER).press()
    rows = wait("the models", lambda: (place := sotto.look().find(None, "Models")) and place.all("list item"))
    names = [row.name for row in rows]
    check(names == ["Zoe Instruct", "Storyteller Base", "page"], f"the order is {names}")
    said = [row.description() for row in rows]
    check("base model" in said[1] and "GGUF" in said[2], f"it says {said}")
    check([row.has_state("SENSITIVE") for row in rows] == [True, True, False], "not all can be told apart")
    sotto.screenshot("models")
    sotto.go_to("list item", "page")
    sotto.keys("Return")
    time.sleep(0.3)
    check(sotto.see("toggle button", PICKER).name.startswith("Model: Zoe Instruct"), "a web page was chosen as a model")
    sotto.go_to("list item", "Storyteller Base", key="Up")
    sotto.keys("Return")
    wait("it to be chosen", lambda: sotto.see("toggle button", PICKER).name.startswith("Model: Storyteller Base"))


@step("It is given a beginning, and continues that")
def _():
    sotto = journey.sotto
    sotto.see("label", "How Does It Begin?")
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(BEGINNING)
    wait("the text", lambda: "Flaschenpost" in sotto.reply() and not sotto.is_writing())


@step("Enter in an empty composer lets it go on")
def _():
    sotto = journey.sotto
    sotto.see("button", "Continue")
    sotto.keys("Return")
    wait("more of it", lambda: len(sotto.messages()) == 3 and not sotto.is_writing())
    check([who for who, _ in sotto.messages()] == ["You", "Reply", "Reply"], "somebody else has written")
    sotto.screenshot("base-model")


@step("The focus stays where one writes when the window becomes narrow, and wide again")
def _():
    sotto = journey.sotto
    sotto.resize(360, 720)
    sotto.see("button", "Show Conversations")
    wait_same("the list", sotto.titles, [])
    sotto.resize(1300, 800)
    wait("the list", lambda: len(sotto.titles()) == 1)
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    check(sotto.quit() == 0, "its exit status was not 0")


journey.run()
