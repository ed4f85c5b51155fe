"""The CUDA module as a Flatpak extension: built from its manifest without a network, installed, found, not missed.

NVIDIA's archives cannot be had everywhere, so the toolkit that is here is packed in their layout (sources.py); and the
module is compiled for one GPU of seven. There is no driver in the stand-in runtime: the engine has to say so and go on.
It runs within ./session, as an ordinary user.
"""
import re
import sys

from sandbox import (APPLICATION, CUDA, REPOSITORY, SMALL, ask, begin, build, flatpak, inside, install, installed, main,
                     prefer, start, step, tree)

import person
import sources
from person import check, note

MODULE = "/app/lib/sotto/sotto-cuda-13.so"
LIMIT = 30      # MB that it may take with code for seven GPUs
PARTS = {"cuda-toolkit": "NVIDIA", "sotto": "Apache License"}


def devices():
    return inside("sotto-engine", "devices").splitlines()


def question(text):
    sotto = start()
    note(repr(ask(sotto, text))[:200])
    check(sotto.quit() == 0, "it did not end well")


@step("The extension is built offline against the application")
def _():
    begin()
    place = tree()
    build(place, APPLICATION, SMALL)
    install()
    build(place, CUDA)


@step("Without it the engine says that there is none, and Sotto runs")
def _():
    check(CUDA not in installed(), "it was installed where there is no driver")
    check(devices()[1:] == ["no GPU: no CUDA module is installed"], f"it says {devices()}")
    prefer(temperature=0.0, max_tokens=20)
    sotto = start()
    sotto.accept_recovery_code()
    note(repr(ask(sotto, "What is the capital of France?"))[:200])
    check(sotto.quit() == 0, "it did not end well")


@step("Installed, it is one module of bounded size, licences, and nothing of the compiler")
def _():
    flatpak("install", REPOSITORY, f"runtime/{CUDA}//stable")
    check(CUDA in installed(), "it is not installed")
    files = inside("find", "/app/lib/sotto", "-type", "f", "-printf", "%s %p\\n").splitlines()
    sizes = {name: int(size) for size, name in (line.split(" ", 1) for line in files)}
    # Some of them are flatpak's.
    own = tuple(f"/app/lib/sotto/{name}" for name in ("share/licenses/", "share/metainfo/", "share/app-info/", ".ref",
                                                      "manifest.json"))
    others = [name for name in sizes if name != MODULE and not name.startswith(own)]
    check(MODULE in sizes and not others, f"there are {sorted(sizes)}")
    note(f"{sizes[MODULE] / 1e6:.1f} MB for {sources.ARCHITECTURE}; all files {sum(sizes.values()) / 1e6:.1f} MB")
    check(sizes[MODULE] < LIMIT * 1e6 / 7, f"the module has {sizes[MODULE]} bytes")
    check(f"/app/lib/sotto/share/metainfo/{CUDA}.metainfo.xml" in sizes, f"no software centre knows of it: {sorted(sizes)}")
    for part, words in PARTS.items():
        texts = [name for name in sizes if f"/licenses/{CUDA}/{part}/" in name]
        check(texts and words in inside("cat", texts[0]), f"{part} has no licence: {sorted(sizes)}")
    needed = re.findall(r"(\S+) => (not found)?", inside("ldd", MODULE))
    check(needed and not [name for name, missing in needed if missing], f"it needs {needed}")
    check(not [name for name, _ in needed if "cuda" in name or "yyjson" in name], f"it needs {needed}")


@step("The engine finds it, says in a sentence that there is no driver, and goes on with the processor")
def _():
    cpu, *gpu = devices()
    check("threads" in cpu, f"the first line is “{cpu}”")
    check(gpu == ["no GPU: there is no driver for a GPU; the installed modules need one of CUDA 13.0"], f"it says {gpu}")


@step("Sotto starts with it and answers; its updates and its end go with the application's")
def _():
    question("What is the capital of Poland?")
    flatpak("uninstall", APPLICATION)
    check(CUDA not in installed(), "it stays behind without its application")


toolkit_problem = sources.toolkit_problem()
if toolkit_problem:
    person.skip_all(toolkit_problem)
person.enter_desktop(programs=("xdotool", "import", "flatpak", "flatpak-builder"))
sys.exit(main())
