"""Where a model runs is in sight and can be chosen, with the keyboard alone and for a screen reader.

The GPU is the emulated one of the tests of the engine, and the model a tiny one with random weights.
"""
import os
import pathlib
import shutil

import person
from person import Journey, Sotto, check, wait

person.enter_desktop()
MODULE = os.environ.get("SOTTO_TEST_MODULE", "")
MODEL = pathlib.Path(__file__).parents[1] / "engine" / "families" / "llama.gguf"
if not pathlib.Path(MODULE).is_file():
    person.skip_all("the emulated module of kernels is not built")
os.environ["SOTTO_CUDA_MODULE"] = MODULE

journey = Journey()
step = journey.step


def open_details(sotto):
    sotto.keys("ctrl+shift+m")
    wait("the row of the model to have the focus", lambda: sotto.focused() and sotto.focused().role == "list item")
    sotto.keys("Tab")
    wait("its button to have the focus",
         lambda: sotto.focused() and sotto.focused().name == "Details of Tiny Chat")
    sotto.keys("Return")
    sotto.see("label", "Longest Context")


@step("The model runs on the GPU that is there, and the button beside the composer says so")
def _():
    folder = person.data_folder() / "models"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(MODEL, folder / "Tiny Chat.gguf")
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.see("toggle button", "Model: Tiny Chat")
    sotto.keys("ctrl+shift+m")
    wait("the row of the model to have the focus", lambda: sotto.focused() and sotto.focused().role == "list item")
    sotto.keys("Return")
    sotto.see("toggle button", "Model: Tiny Chat, on Emulated device 0")


@step("Its details are a key away")
def _():
    sotto = journey.sotto
    open_details(sotto)
    names = [node.name for node in sotto.look().walk()]
    for wanted in ("Run On", "Runs On", "Emulated device 0", "Memory", "Family", "llama", "File"):
        check(wanted in names, f"“{wanted}” is not among {names}")
    check(any("free on the GPU" in name for name in names), f"no free memory is among {names}")


@step("Another place is chosen, and the model moves at once")
def _():
    sotto = journey.sotto
    sotto.go_to("combo box", "Run On", key="Tab")
    sotto.keys("Return")
    wait("the places", lambda: any(node.name == "GPU and CPU" for node in sotto.look().walk()))
    sotto.keys("Down", "Down", "Return")
    wait("where it runs now", lambda: any(node.name.startswith("CPU, ") and "thread" in node.name
                                          for node in sotto.look().walk()))
    sotto.screenshot("model-details")
    sotto.keys("Escape")
    sotto.see("toggle button", "Model: Tiny Chat, on CPU")


@step("It ends as usual")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
