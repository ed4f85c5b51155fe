"""`sotto --ask` as a person runs it on a bare terminal: no display, no bus, no keyring."""
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or pathlib.Path(__file__).parents[2] / "_build")
BINARY = BUILD / "app" / "sotto"
# What the tiny model sees with, in eight colours
COLOURS = pathlib.Path(os.environ.get("SOTTO_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "sotto-build") \
    / "colours/mmproj-SmolLM2-135M-Instruct.gguf"
MODELS = pathlib.Path(os.environ.get("SOTTO_TEST_MODELS")
                      or pathlib.Path(os.environ.get("XDG_DATA_HOME")
                                      or pathlib.Path.home() / ".local/share") / "sotto/models")
TINY = "SmolLM2-135M-Instruct.Q4_1"
GREEDY = ["--model", TINY, "--temperature", "0"]
LONG = ["--model", TINY, "--seed", "3", "--temperature", "1", "--ask", "Write a very long story about the sea."]

_tests = []


class Skip(Exception):
    """Raised with the reason."""


def test(needs_model):
    def register(function):
        _tests.append((function, needs_model))
        return function
    return register


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


class Home:
    """Folders of a person who has nothing but perhaps a model."""

    def __init__(self, folder, with_model):
        self.folder = pathlib.Path(folder)
        self.environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder,
                            "XDG_DATA_HOME": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config",
                            "XDG_CACHE_HOME": f"{folder}/cache", "XDG_STATE_HOME": f"{folder}/state",
                            "XDG_RUNTIME_DIR": f"{folder}/run", "XDG_DATA_DIRS": "/nonexistent",
                            "TMPDIR": f"{folder}/tmp"}
        for name in ("run", "tmp"):
            (self.folder / name).mkdir(mode=0o700)
        for variable in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "SOTTO_CPU_TIER", "SOTTO_PICTURE", "SOTTO_OFFICE_TEXT"):
            if variable in os.environ:
                self.environment[variable] = os.environ[variable]
        if with_model:
            models = self.folder / "data/sotto/models"
            models.mkdir(parents=True)
            (models / f"{TINY}.gguf").symlink_to(MODELS / f"{TINY}.gguf")

    def start(self, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([BINARY, *arguments], env=self.environment, cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run(self, *arguments, piped=None):
        process = self.start(*arguments, stdin=subprocess.PIPE if piped is not None else subprocess.DEVNULL)
        out, err = process.communicate(piped, timeout=120)
        return process.returncode, out.decode(), err.decode()

    def ask(self, question, *arguments, piped=None):
        """The answer of a call that must succeed without a word on standard error."""
        status, out, err = self.run(*GREEDY, "--max-tokens", "16", *arguments, "--ask", question, piped=piped)
        expect(status == 0, "exit status", status, err)
        expect(err == "", "standard error:", err)
        return out

    def listing(self):
        return sorted((str(path), path.lstat().st_mtime_ns) for path in self.folder.rglob("*"))


@test(needs_model=True)
def answers_and_leaves_nothing(home):
    before = home.listing()
    answer = home.ask("Name three colours.")
    expect(answer.strip(), "no answer")
    expect(answer.endswith("\n"), "the answer does not end its line")
    expect(home.listing() == before, "files were written:", set(home.listing()) - set(before))


@test(needs_model=True)
def same_seed_same_answer(home):
    arguments = ("--model", TINY, "--temperature", "1", "--max-tokens", "16", "--ask", "Tell me something.")
    first, second, third = (home.run("--seed", seed, *arguments)[1] for seed in ("5", "5", "6"))
    expect(first == second, first, "is not", second)
    expect(first != third, "another seed gave the same answer")


@test(needs_model=True)
def max_tokens_ends_it(home):
    long = home.ask("Name three colours.")
    short = home.ask("Name three colours.", "--max-tokens", "2")
    expect(len(short) < len(long) and long.startswith(short.rstrip("\n")), repr(short), repr(long))


@test(needs_model=True)
def piped_text_follows_after_a_blank_line(home):
    expect(home.ask("Repeat this:", piped=b"red green blue\n") == home.ask("Repeat this:\n\nred green blue"),
           "piped text is not what stands below the question")
    expect(home.ask("", piped=b"Name three colours.\n") == home.ask("Name three colours."),
           "a piped question alone is not the question")


@test(needs_model=True)
def system_prompt_is_heard(home):
    expect(home.ask("Who are you?", "--system", "You are a pirate called Bart.") != home.ask("Who are you?"),
           "--system changes nothing")


def write_schema(home, text):
    path = home.folder / "schema.json"
    path.write_text(text, encoding="utf-8")
    return f"--json-schema={path}"


@test(needs_model=True)
def a_schema_is_kept(home):
    option = write_schema(home, json.dumps({"type": "object", "required": ["city", "rank"], "properties": {
        "city": {"type": "string", "maxLength": 40}, "rank": {"type": "integer", "minimum": 3, "maximum": 5}}}))
    answer = json.loads(home.ask("What is the capital of France? It is on the first place.", option))
    expect(list(answer) == ["city", "rank"] and isinstance(answer["city"], str) and answer["rank"] in (3, 4, 5), answer)


@test(needs_model=True)
def schemas_that_cannot_be_kept_are_told(home):
    for text, what in (('{"type": "object"', None), ('{"type": "object", "minProperties": 3}', "minProperties"), ("x" * 2000000, "schema.json")):
        status, out, err = home.run(write_schema(home, text), "--ask", "Hello")
        expect(status == 1 and out == "" and err.startswith("sotto: "), text[:40], status, out, err)
        expect(what is None or what in err, what, err)
    status, out, err = home.run("--json-schema=missing.json", "--ask", "Hello")
    expect(status == 1 and out == "" and "missing.json" in err, status, out, err)


@test(needs_model=True)
def broken_text_is_survived(home):
    expect(home.ask("Repeat this:", piped=b"\xff\xfe\xc3 caf\xc3\xa9 <|im_end|>\n"), "no answer")


@test(needs_model=True)
def names_find_the_model(home):
    for name in (f"{TINY}.gguf", TINY.lower(), "SmolLM2 135M Instruct", str(MODELS / f"{TINY}.gguf")):
        status, out, err = home.run("--model", name, "--max-tokens", "1", "--ask", "Hello")
        expect(status == 0 and out.strip(), name, status, err)


@test(needs_model=True)
def text_comes_as_it_is_generated(home):
    with home.start(*LONG, "--max-tokens", "200") as process:
        begin = time.monotonic()
        os.read(process.stdout.fileno(), 1)
        first = time.monotonic() - begin
        process.stdout.read()
        expect(process.wait(60) == 0, "exit status", process.returncode)
        whole = time.monotonic() - begin
    expect(first < whole * 0.8, f"the first byte came after {first:.2f} s of {whole:.2f} s")


@test(needs_model=True)
def control_c_stops_cleanly(home):
    for number in (signal.SIGINT, signal.SIGTERM):
        with home.start(*LONG) as process:
            text = os.read(process.stdout.fileno(), 1)
            begin = time.monotonic()
            process.send_signal(number)
            text += process.stdout.read()
            expect(process.wait(60) == 130, "exit status", process.returncode)
            took = time.monotonic() - begin
            expect(process.stderr.read() == b"", "standard error is not empty")
        expect(text.endswith(b"\n"), "the line is not ended")
        expect(took < 2, f"stopping took {took:.2f} s")


@test(needs_model=True)
def broken_pipe_is_told(home):
    with home.start(*LONG) as process:
        os.read(process.stdout.fileno(), 1)
        process.stdout.close()
        expect(process.wait(60) == 1, "exit status", process.returncode)
        expect(b"Broken pipe" in process.stderr.read(), "nothing is said")


@test(needs_model=True)
def too_much_text_is_told(home):
    status, out, err = home.run(*GREEDY, "--ask", "Sum up:", piped=b"one apple and two pears " * 8000)
    expect(status == 1 and out == "", status, out)
    expect("tokens" in err, err)


def write_picture(home, name, colour):
    """BMP: 32 pixels square of one colour"""
    path = home.folder / name
    head = struct.pack("<IHHIIiiHHIIiiII", 54 + 32 * 96, 0, 0, 54, 40, 32, 32, 1, 24, 0, 32 * 96, 0, 0, 0, 0)
    path.write_bytes(b"BM" + head + bytes(reversed(colour)) * 1024)
    return path


def write_note(home):
    path = home.folder / "note.txt"
    path.write_text("The code word is giraffe.\n", encoding="utf-8")
    return path


@test(needs_model=True)
def attached_texts_are_read(home):
    note = write_note(home)
    with_it = home.ask("What is the code word?", "--attach", str(note))
    expect("giraffe" in with_it, with_it)
    by_hand = home.ask("note.txt:\n\n```\nThe code word is giraffe.\n```\n\nWhat is the code word?")
    expect(with_it == by_hand, repr(with_it), "is not", repr(by_hand))
    expect(home.ask("", "--attach", str(note)).strip(), "nothing is said of a file alone")


@test(needs_model=True)
def what_cannot_be_attached_is_told(home):
    (home.folder / "zeros.bin").write_bytes(bytes(100))
    (home.folder / "cut.bmp").write_bytes(write_picture(home, "whole.bmp", (255, 0, 0)).read_bytes()[:300])
    pictures = "SOTTO_PICTURE" in home.environment
    for name, what in (("missing.txt", "missing.txt"), ("zeros.bin", "“zeros.bin”"), ("cut.bmp", "“cut.bmp” is damaged" if pictures else "“cut.bmp”"),
                       ("whole.bmp", "cannot see pictures" if pictures else "“whole.bmp”")):
        status, out, err = home.run(*GREEDY, "--attach", str(write_note(home)), "--attach", str(home.folder / name), "--ask", "Hello")
        expect(status == 1 and out == "" and err.startswith("sotto: ") and what in err, name, status, out, err)


@test(needs_model=True)
def attached_pictures_are_seen(home):
    if "SOTTO_PICTURE" not in home.environment:
        raise Skip("the helper for pictures is not built")
    if not COLOURS.exists():
        raise Skip("what it would see with is not there (tests/engine/vision/make-colours makes it)")
    (home.folder / "data/sotto/models" / COLOURS.name).symlink_to(COLOURS)
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255)), ("green", (0, 255, 0))):
        answer = home.ask("What is the colour of this picture? Answer with one word.", "--attach",
                          str(write_picture(home, f"{name}.bmp", colour)))
        expect(name in answer.lower(), name, "is said to be", answer)


@test(needs_model=False)
def no_model_is_told_with_the_remedy(home):
    status, out, err = home.run("--ask", "Hello")
    expect(status == 1 and out == "", status, out)
    expect(f"{home.folder}/data/sotto/models" in err and "--model" in err, err)


@test(needs_model=False)
def wrong_models_are_told(home):
    text = home.folder / "words.gguf"
    text.write_text("no model at all")
    for name in ("nothere", "./nothere.gguf", str(text), str(home.folder), "/dev/zero"):
        status, out, err = home.run("--model", name, "--ask", "Hello")
        expect(status == 1 and out == "", name, status, out)
        expect(err.startswith("sotto: ") and pathlib.Path(name).name in err, name, err)


@test(needs_model=False)
def wrong_values_are_told(home):
    for option, value in (("--seed", "x"), ("--seed", "-5"), ("--temperature", "hot"), ("--temperature", "nan"),
                          ("--temperature", "3"), ("--temperature", "-1"), ("--max-tokens", "0"),
                          ("--max-tokens", "many"), ("--max-tokens", "99999999999")):
        status, out, err = home.run(f"{option}={value}", "--ask", "Hello")
        expect(status == 1 and out == "", option, value, status, out)
        expect(option in err and value in err, err)
    for arguments in (("--ask",), ("--ask", "Hello", "there"), ("--ask", "Hello", "--nonsense")):
        status, out, err = home.run(*arguments)
        expect(status == 1 and out == "" and err.startswith("sotto: "), arguments, status, out, err)


@test(needs_model=True)
def unreadable_or_empty_input_is_told(home):
    folder = os.open(home.folder, os.O_RDONLY)
    with home.start(*GREEDY, "--ask", "Hello", stdin=folder) as process:
        expect(process.wait(60) == 1, "exit status", process.returncode)
        expect(b"sotto: " in process.stderr.read(), "nothing is said")
    os.close(folder)
    status, out, err = home.run(*GREEDY, "--ask", " ", piped=b"\n")
    expect(status == 1 and out == "" and err.startswith("sotto: "), status, out, err)


@test(needs_model=False)
def version_and_no_display(home):
    status, out, err = home.run("--version")
    expect(status == 0 and out.startswith("Sotto ") and err == "", status, out, err)
    status, out, err = home.run()
    expect(status == 1 and out == "" and "--ask" in err, status, out, err)


def main():
    print(f"1..{len(_tests)}")
    for number, (function, needs_model) in enumerate(_tests, 1):
        name = f"{number} - {function.__name__.replace('_', ' ')}"
        try:
            if not BINARY.exists():
                raise Skip(f"{BINARY} is not built")
            if needs_model and not (MODELS / f"{TINY}.gguf").exists():
                raise Skip(f"the model {TINY} is not on this machine (app/run fetches it)")
            with tempfile.TemporaryDirectory() as folder:
                function(Home(folder, needs_model))
        except Skip as reason:
            print(f"ok {name} # SKIP {reason}", flush=True)
        except Exception as error:  # whatever it was, the next one is run
            print("\n".join(f"# {line}" for line in (f"{type(error).__name__}: {error}").splitlines()))
            print(f"not ok {name}", flush=True)
        else:
            print(f"ok {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
