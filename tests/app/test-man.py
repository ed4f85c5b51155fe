"""The manual pages: well made, and naming every option that the programs name themselves, and no other."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
PAGES = {"sotto": SOURCE / "data/man/sotto.1", "sotto-engine": SOURCE / "engine/tool/sotto-engine.1"}
PROGRAMS = {"sotto": BUILD / "app/sotto", "sotto-engine": BUILD / "engine/sotto-engine"}


def help_of(program, *arguments):
    done = subprocess.run([PROGRAMS[program], *arguments, "--help"], capture_output=True, text=True, timeout=60, check=True,
                          env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", "")})
    return done.stdout


def options_in_help(text):
    """{("t", "threads"), (None, "tier"), …}"""
    found = re.findall(r"^ +(?:-(\w), )?--([\w-]+)", text, re.M)
    return {(short or None, long) for short, long in found} - {("h", "help")}


def options_in(roff):
    """The same of a page: the lines that begin an entry of a list of options."""
    found = set()
    for line in re.findall(r"^\.It (Fl .*)$", roff, re.M):
        short = re.match(r"Fl (\w) ,", line)
        longs = re.findall(r"Fl Fl ([\w-]+)", line)
        found |= {(short[1] if short else None, long) for long in longs}
    return found - {("h", "help")}


def sections(roff):
    """Heading -> text, of the subsections of a page."""
    parts = re.split(r"^\.S[sh] (.*)$", roff, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def differences(where, page, helped):
    for short, long in sorted(helped - page, key=str):
        yield f"{where}: the page lacks --{long}" + (f" (-{short})" if short else "")
    for short, long in sorted(page - helped, key=str):
        yield f"{where}: the program has no --{long}" + (f" (-{short})" if short else "")


def well_made():
    if shutil.which("mandoc") is None:
        yield "SKIP mandoc is not installed"
        return
    for page in PAGES.values():
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
        yield from done.stdout.splitlines()


def names_of_sotto():
    yield from differences("sotto", options_in(PAGES["sotto"].read_text()), options_in_help(help_of("sotto")))


def names_of_the_tool():
    parts = sections(PAGES["sotto-engine"].read_text())
    shared = options_in(parts["Options of computing"])
    commands = re.findall(r"^  sotto-engine (\w+)", help_of("sotto-engine"), re.M)
    if len(commands) < 5:
        yield f"its help names only {commands}"
    for command in commands:
        if command not in parts:
            yield f"the page lacks {command}"
            continue
        page = options_in(parts[command])
        if "options of computing" in parts[command]:
            page |= shared
        yield from differences(f"sotto-engine {command}", page, options_in_help(help_of("sotto-engine", command)))
    for name in set(parts) - set(commands):
        if name.islower():
            yield f"the program has no command {name}"


def main():
    tests = (well_made, names_of_sotto, names_of_the_tool)
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        said = list(test())
        broken = [line for line in said if not line.startswith("SKIP")]
        for line in broken:
            print(f"# {line}")
        ending = f" # {said[0]}" if said and not broken else ""
        print(f"{'not ok' if broken else 'ok'} {number} - {test.__name__.replace('_', ' ')}{ending}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
