"""What the tree looks like: what stands at its top, what its READMEs say, how long its files are."""
import fnmatch
import re

from promise import HOUSE, ROOT, files, files_below, main, note, promise, text

TOP = {
    ".ci", ".clang-format", ".editorconfig", ".gitignore", "COPYING", "README.md", "app", "data",
    "engine", "flatpak", "history", "meson.build", "meson.options", "po", "tests", "ui",
}
SOURCES = (".c", ".cc", ".h", ".cu", ".cuh", ".ui", ".py")
# In pieces, so that this file does not name what it looks for.
REGISTRIES = [re.compile(r"\b" + r"\.".join(parts) + r"\b") for parts in (
    ("pypi", "org"), ("files", "pythonhosted", "org"), ("deb", "debian", "org"),
    ("ftp", r"(?:\w+\.)?debian", "org"), ("security", "debian", "org"), ("snapshot", "debian", "org"),
    ("archive", "ubuntu", "com"), ("registry", "npmjs", "org"), ("proxy", "golang", "org"),
    ("crates", "io"), ("conda", "anaconda", "org"), ("registry-1", "docker", "io"),
)]
LONG, TOO_LONG = 600, 800
TABLE = re.compile(r"(unicode-(normal-)?data|block-grids|fixtures/|-table-data)")


@promise("the top of the tree holds what the design says and nothing else")
def top():
    for name in sorted({path.parts[0] for path in files()} - TOP):
        yield f"{name} does not belong at the top"
    for name in ("COPYING", "README.md", *HOUSE, "data", "po", "tests"):
        if not (ROOT / name).exists():
            yield f"{name} is missing"


def readmes(path):
    """The READMEs that may name a file: beside it, and in the folders above up to the house's."""
    return [folder / "README.md" for folder in path.parents
            if folder.parts and (folder / "README.md") in set(files())]


def named(path, readme):
    """By its stem (`words`), a pattern (`words-*`) or an ending (`-parser`, after its first part was
    said); what is private goes with its public half."""
    stem = path.name.split(".")[0].removesuffix("-private")
    words = text(readme)
    if re.search(rf"(?<![\w-]){re.escape(stem)}(?![\w-])", words):
        return True
    for token in re.findall(r"`([^`\s]+)`", words):
        token = token.split("/")[-1].split(".")[0]
        if fnmatch.fnmatch(stem, f"*{token}" if token.startswith("-") else token):
            return True
    return False


@promise("each folder's README names every file in it")
def readme_complete():
    for folder in HOUSE:
        if files_below(folder, ends=SOURCES) and not (ROOT / folder / "README.md").exists():
            yield f"{folder}/README.md is missing"
    for path in files_below(*HOUSE, ends=SOURCES):
        if readmes(path) and not any(named(path, readme) for readme in readmes(path)):
            yield f"{path} is named in no README"


@promise("no README names a file that is gone")
def readme_true():
    names = {path.name for path in files()}
    made = {"config.h", "sotto-build.h", "sotto-resources.c", "sotto-resources.h"}
    for readme in files_below(*HOUSE, "tests", "data", "po", ends=("README.md",)):
        mentioned = set(re.findall(r"(?<![\w/.*<-])([\w-]+\.(?:c|h|cu|cuh|ui|py))\b", text(readme)))
        for name in sorted(mentioned - names - made):
            if "NAME" in name:
                continue    # stands for any
            yield f"{readme} names {name}"


@promise(f"no file is longer than {TOO_LONG} lines, tables of data aside")
def lengths():
    counts = [(text(path).count("\n"), path) for path in files()
              if path.suffix in SOURCES and text(path) and not TABLE.search(str(path))]
    if counts:
        middle = sorted(counts)[len(counts) // 2][0]
        note(f"{len(counts)} source files, median {middle} lines")
    for lines, path in sorted(counts, reverse=True):
        if lines > TOO_LONG:
            yield f"{path} has {lines} lines"
        elif lines > LONG:
            note(f"over {LONG}: {path} ({lines})")


@promise("no package registry's host is named: a machine's own settings say where to fetch from")
def registries():
    for path in files():
        for pattern in REGISTRIES:
            if found := pattern.search(text(path) or ""):
                yield f"{path} names {found[0]}"


@promise("every test is known to meson")
def registered():
    for path in files_below("tests"):
        if len(path.parts) != 3 or not re.fullmatch(r"(test|fuzz)-.*\.(c|py)", path.name):
            continue
        kind, name = path.stem.split("-", 1)
        key = name if kind == "fuzz" else f"{path.parts[1]}/{name}"
        if f"'{key}'" not in text(path.parent / "meson.build"):
            yield f"{path} is not in {path.parent}/meson.build"


@promise("shell and Python scripts are executable where they are called, and say how they are run")
def scripts():
    for path in files():
        first = (text(path) or "").split("\n", 1)[0]
        mode = (ROOT / path).stat().st_mode
        if bool(mode & 0o100) != first.startswith("#!"):
            yield f"{path}: executable and '#!' go together"


if __name__ == "__main__":
    main()
