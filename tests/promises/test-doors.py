"""The doors themselves: the reading of TAP, the model fetcher, and what app/run and .ci/ answer."""
import contextlib
import hashlib
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest.mock
import zipfile

from promise import ROOT, main, promise

sys.path.insert(0, str(ROOT / "tests/runner"))
import meson  # noqa: E402
import report  # noqa: E402
import tap  # noqa: E402
sys.path.insert(0, str(ROOT / "data/models"))
sys.dont_write_bytecode = True
import bert  # noqa: E402

# (what it is, output, how the program ended, [states])
TAP = [
    ("all well", "1..2\nok 1 - a\nok 2 - b\n", "", "pp"),
    ("a plan at the end", "ok 1\nok 2\n1..2\n", "", "pp"),
    ("GLib's way", "TAP version 14\n# random seed: R0\n1..3\n# Start of x tests\nok 1 /x/a\n"
     "ok 2 /x/b # SKIP no model\nnot ok 3 /x/c - bad\n", "exit status 1", "psf"),
    ("a failure without a number", "1..2\nok 1 /a\nnot ok /b - assertion\nBail out!\n", "SIGABRT", "pf"),
    ("a crash", "1..2\nok 1\n", "ended by SIGSEGV", "pf"),
    ("too few", "1..3\nok 1\nok 2\n", "", "ppf"),
    ("too many", "1..1\nok 1\nok 2\n", "", "ppf"),
    ("nothing said", "", "", "f"),
    ("no plan", "ok 1\n", "", "pf"),
    ("skipped whole", "1..0 # SKIP no display\n", "", "s"),
    ("skipped whole, then a crash", "1..0 # SKIP no display\n", "SIGSEGV", "sf"),
    ("a subtest counts once", "1..1\n    1..2\n    ok 1\n    ok 2\nok 1 - both\n", "", "p"),
    ("expected to fail", "1..1\nnot ok 1 - later # TODO issue 7\n", "", "s"),
    ("a name with a sharp", "1..1\nok 1 - C# and F#\n", "", "p"),
    ("words that only begin like it", "1..1\nokay\nnothing\nok 1\n", "", "p"),
    ("a bad end after good cases", "1..1\nok 1\n", "exit status 3", "pf"),
]


@promise("test cases are counted as they were printed, and silence is a failure")
def counted():
    for name, output, problem, expected in TAP:
        states = "".join(case.state[0] for case in tap.judge(output, problem))
        if states != expected:
            yield f"{name}: {states} instead of {expected}"


@promise("every skip has a reason")
def reasons():
    for name, output, problem, _ in TAP:
        for case in tap.judge(output, problem):
            if case.state == tap.SKIPPED and not case.reason:
                yield name


@promise("of tests with a window a few that failed are run once more, and what they come to then counts")
def again():
    good, bad = "1..1\nok 1 - a\n", "1..1\nnot ok 1 - a\n"
    # What each prints at first and then; of which how many pass and fail, and which are unsteady
    for ends, passed, failed, unsteady in (
            ({"ui/a": [bad, good], "ui/b": [good]}, 2, 0, ["ui/a"]),
            ({"ui/a": [bad, bad], "end-to-end/b": [bad, good]}, 1, 1, ["end-to-end/b"]),
            ({"engine/a": [bad, good]}, 0, 1, []),
            ({f"ui/{number}": [bad, good] for number in range(meson.FEW + 1)}, 0, meson.FEW + 1, [])):
        def run_once(folder, names, *others, ends=ends):
            for name in names:
                others[-1]({"name": f"sotto / {name}", "stdout": ends[name].pop(0), "result": "OK", "returncode": 0, "duration": 0})
        with contextlib.redirect_stdout(io.StringIO()), unittest.mock.patch.object(meson, "run_once", run_once):
            told = report.Report()
            meson.run("", list(ends), told)
        if (told.counts[tap.PASSED], told.counts[tap.FAILED], told.unsteady) != (passed, failed, unsteady):
            yield f"{told.counts} and {told.unsteady} in place of {passed}, {failed} and {unsteady}"


class Shop:
    """A folder with wheels in it in place of an index, a recipe, and a home to fetch into."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        self.models = self.folder / "data/sotto/models"
        for name in ("fetch", "bert.py"):
            shutil.copy(ROOT / "data/models" / name, self.folder / name)
        self.recipe = ""

    def sell(self, package, member, content):
        self.sell_all(package, {member: content})

    def sell_all(self, package, members):
        name = package.replace("-", "_")
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(self.wheels / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            for member, content in members.items():
                wheel.writestr(f"{name}/{member}", content)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                                            "Tag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    def offer(self, name, content, packages, sha256=None, size=None, development=False, members="*/part*", form=None):
        self.recipe += (f"[{name}]\nname={name}\nfile={name}.gguf\nlicence=MIT\norigin=a test\n"
                        f"size={len(content) if size is None else size}\n"
                        f"sha256={sha256 or hashlib.sha256(content).hexdigest()}\n"
                        f"packages={';'.join(packages)}\nmembers={members}\n"
                        f"{f'form={form}' if form else ''}\n"
                        f"{'development=true' if development else ''}\n")

    def fetch(self, *names):
        (self.folder / "starter-models.ini").write_text(self.recipe)
        environment = {**os.environ, "XDG_DATA_HOME": str(self.folder / "data"),
                       "SOTTO_CACHE": str(self.folder / "cache"), "PIP_NO_INDEX": "1",
                       "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        return subprocess.run([sys.executable, self.folder / "fetch", *names], capture_output=True,
                              text=True, env=environment, stdin=subprocess.DEVNULL)

    def content(self, name):
        with contextlib.suppress(OSError):
            return (self.models / f"{name}.gguf").read_bytes()
        return None

    def left_over(self):
        return [path.name for path in self.models.iterdir() if not path.name.endswith(".gguf")]


@promise("the fetcher joins, checks and renames; what it cannot have it passes over")
def fetcher():
    with tempfile.TemporaryDirectory(prefix="sotto-shop-") as folder:
        shop = Shop(folder)
        shop.sell("sotto-test-a1", "part1", b"first ")
        shop.sell("sotto-test-a2", "part2", b"second")
        shop.sell("sotto-test-b", "part", b"other")
        whole = ["sotto-test-a1==1.0", "sotto-test-a2==1.0"]
        shop.offer("joined", b"first second", whole)
        shop.offer("wrong", b"other", ["sotto-test-b==1.0"], sha256="0" * 64)
        shop.offer("gone", b"x", ["sotto-test-gone==1.0"])
        shop.offer("larger", b"oth", ["sotto-test-b==1.0"])
        shop.offer("smaller", b"other", ["sotto-test-b==1.0"], size=9)
        shop.offer("later", b"other", ["sotto-test-b==1.0"], development=True)

        done = shop.fetch()
        if done.returncode != 0 or shop.content("joined") != b"first second":
            yield f"the good model was not fetched: {done.stderr}"
        for name, word in (("wrong", "SHA-256"), ("gone", "cannot be downloaded"),
                           ("larger", "larger than"), ("smaller", "instead of 9")):
            if shop.content(name) is not None or f"{name} is passed over" not in done.stderr \
                    or word not in done.stderr:
                yield f"{name}: {done.stderr}"
        if shop.content("later") is not None:
            yield "a development model was fetched unasked"
        if shop.left_over():
            yield f"left behind: {shop.left_over()}"

        again = shop.fetch()
        if again.returncode != 0 or again.stderr:
            yield f"the second time is not silent: {again.stderr}"
        if shop.fetch("later").returncode != 0 or shop.content("later") != b"other":
            yield "a development model that was asked for was not fetched"
        if shop.fetch("gone").returncode == 0 or shop.fetch("unheard-of").returncode == 0:
            yield "a model that is not to be had counts as a success"

        # Damage behind its back: the same size, another time.
        path = shop.models / "joined.gguf"
        path.write_bytes(b"FIRST second")
        os.utime(path, (1, 1))
        shop.fetch()
        if shop.content("joined") != b"first second":
            yield "a damaged model was not noticed"
        if (shop.models / "joined.gguf.other").read_bytes() != b"FIRST second":
            yield "somebody's own file was thrown away"


def small_bert(dtype="F32"):
    """A model in its authors' form, of two columns and three word pieces: what fetch makes a GGUF file of."""
    tensors = {"embeddings.word_embeddings.weight": ([5, 2], [1.5, -2.0] * 5), "pooler.dense.bias": ([2], [9.0, 9.0]),
               "embeddings.position_embeddings.weight": ([1, 2], [0.1, 7.0]),
               "encoder.layer.0.output.dense.bias": ([2], [3.25, 4.0])}
    entries, data = {}, b""
    for name, (shape, numbers) in tensors.items():
        part = struct.pack(f"<{len(numbers)}f", *numbers)
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    header = json.dumps(entries).encode()
    names = {f"{kind}_token": f"[{kind.upper()}]" for kind in ("unk", "sep", "pad", "cls", "mask")}
    return {
        "config.json": json.dumps({
            "architectures": ["BertModel"], "hidden_act": "gelu", "num_hidden_layers": 1, "max_position_embeddings": 1,
            "hidden_size": 2, "intermediate_size": 2, "num_attention_heads": 1, "layer_norm_eps": 1e-12, "type_vocab_size": 2}),
        "tokenizer_config.json": json.dumps({**names, "do_lower_case": True}),
        "1_Pooling/config.json": json.dumps({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}),
        "vocab.txt": "".join(f"{text}\n" for text in ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]", "the", "##ing", "[unused1]"]),
        "model.safetensors": struct.pack("<Q", len(header)) + header + data}


@promise("the fetcher makes one file of a model in its authors' form, and passes over what it does not know")
def brought_into_form():
    with tempfile.TemporaryDirectory(prefix="sotto-shop-") as folder:
        shop = Shop(folder)
        shop.sell_all("sotto-test-bert", small_bert())
        shop.sell_all("sotto-test-half", small_bert("F16"))
        shop.sell("sotto-test-none", "config.json", "{}")
        made = io.BytesIO()
        with zipfile.ZipFile(next(shop.wheels.glob("sotto_test_bert*"))) as archive:
            bert.write(archive, "sotto_test_bert", made, "small", "MIT")
        made = made.getvalue()
        for name, package, sha256 in (("small", "sotto-test-bert", None), ("half", "sotto-test-half", None),
                                      ("none", "sotto-test-none", None), ("other", "sotto-test-bert", "0" * 64)):
            shop.offer(name, made, [f"{package}==1.0"], sha256=sha256, members=package.replace("-", "_"), form="bert")
        done = shop.fetch("small", "half", "none", "other")
        if done.returncode != 0 or shop.content("small") != made:
            yield f"the model was not made: {done.stderr}"
        for name, word in (("half", "of F16"), ("none", "config.json"), ("other", "SHA-256")):
            if shop.content(name) is not None or f"{name} is passed over" not in done.stderr or word not in done.stderr:
                yield f"{name}: {done.stderr}"
        # As the format and IEEE 754 have it: 1.5 and -2 in 16 bits, 0.1, 7, 3.25 and 4 in 32, from multiples of 32 on.
        data = bytes.fromhex("003e00c0" * 5).ljust(32, b"\0") + bytes.fromhex("cdcccc3d0000e040").ljust(32, b"\0") \
            + bytes.fromhex("0000504000008040").ljust(32, b"\0")
        if made[:8] != b"GGUF\3\0\0\0" or made[8:16] != b"\3".ljust(8, b"\0") or not made.endswith(data) or len(made) % 32:
            yield f"the form is wrong: {made[:16]!r} … {made[-96:]!r}"
        for text in ("[CLS]", "\u2581the", "ing", "\u2581[unused1]", "token_embd.weight", "blk.0.ffn_down.bias"):
            if struct.pack("<Q", len(text.encode())) + text.encode() not in made:
                yield f"{text} is missing"
        if b"pooler" in made or shop.left_over():
            yield f"too much: {shop.left_over()}"
        if shop.fetch().returncode == 0:
            yield "a model that writes nothing is enough for a newcomer"


def run(*command, **variables):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**environment, **variables}, cwd="/")


@promise("app/run without a display says so, and what to do instead")
def no_display():
    done = run(ROOT / "app/run")
    if done.returncode != 1 or "--ask" not in done.stderr or done.stdout:
        yield f"exit status {done.returncode}, {done.stdout!r}, {done.stderr!r}"


@promise(".ci/environment hands the exit status, the arguments and standard input through")
def passed_through():
    environment = ROOT / ".ci/environment"
    done = run(environment, "sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "a b", "", "*")
    if done.returncode != 7 or done.stdout != "a b||*|" or done.stderr:
        yield f"{done.returncode} {done.stdout!r} {done.stderr!r}"
    done = run(environment)
    if done.returncode != 2 or "COMMAND" not in done.stderr:
        yield f"without a command: {done.returncode} {done.stderr!r}"


@promise(".ci/build builds into build folders and nowhere else")
def build_folders():
    for folder in (".", "app", "..", "/tmp"):
        done = run(ROOT / ".ci/build", folder, SOTTO_INSIDE="test")
        if done.returncode != 2:
            yield f".ci/build {folder} ends with {done.returncode}"


if __name__ == "__main__":
    main()
