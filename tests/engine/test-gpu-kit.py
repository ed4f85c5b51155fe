"""What is carried to a machine with a GPU (gpu/): its models open, are as large as they say and compute; without a GPU
`go` says so, and writes what it could find out; of a test program that dies all cases are known."""
import contextlib
import io
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
GPU = pathlib.Path(os.environ["SOTTO_SOURCE_DIR"]) / "tests" / "engine" / "gpu"
sys.path.insert(0, str(GPU))

import kit as shared  # noqa: E402  (behind its path)
import sanitize  # noqa: E402
import synthetic  # noqa: E402

TOOL, SPEED = sys.argv[1:3]
# About what published Q4_K_M files of Llama 3.2 1B, Llama 3 8B and Qwen 3 30B-A3B weigh; a hundredth is for metadata.
PUBLISHED = {"1b": 808e6, "8b": 4921e6, "30b-a3b": 18557e6}


def told(*arguments):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def check_sizes():
    for name, published in PUBLISHED.items():
        s = synthetic.shape(name)
        made = sum(synthetic.count_bytes(dimensions, kind) for _, dimensions, kind in synthetic.tensors(s))
        assert 0.985 * published < made < published, f"{name} has {made} bytes, a published one {published:.0f}"
    # 3.3 of 30.5 billion weights count for a token, the table of tokens aside.
    s = synthetic.shape("30b-a3b")
    assert 0.09 < synthetic.touched(s) / PUBLISHED["30b-a3b"] < 0.12


def check_model(name, folder):
    path = f"{folder}/{name}.gguf"
    s = synthetic.shape(name, 1, 512)
    synthetic.write(path, s)
    told("verify", path)
    tokens = "5,300,17,4"
    told("logits", path, "--tokens", tokens, "--output", f"{folder}/logits", "--backend", "cpu")
    size = os.path.getsize(f"{folder}/logits")
    assert size == 4 * 4 * 512, f"{size} bytes of logits"
    said = json.loads(told("bench", path, "--backend", "cpu", "-p", 4, "-n", 2, "-r", 1, "--json"))
    expected = sum(synthetic.count_bytes(dimensions, kind) for _, dimensions, kind in synthetic.tensors(s))
    assert said["weight_bytes"] == expected, f"{said['weight_bytes']} bytes of weights, not {expected}"
    assert said["open_seconds"] > 0


def check_go(folder):
    """In a folder like pack's, with programs that run on this machine as they are."""
    kit = pathlib.Path(folder) / "kit"
    for name in ("bin", "lib", "modules"):
        (kit / name).mkdir(parents=True)
    for path in [GPU / "go", *GPU.glob("*.py")]:
        shutil.copy(path, kit)
    for program in (TOOL, SPEED):
        os.symlink(os.path.abspath(program), kit / "bin" / os.path.basename(program))
    # It gets `--library-path FOLDERS PROGRAM ARGUMENTS`, as the real one does.
    loader = kit / "lib" / "ld-linux-x86-64.so.2"
    loader.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    loader.chmod(0o755)
    done = subprocess.run([sys.executable, str(kit / "go"), "look"], capture_output=True, text=True,
                          env=os.environ | {"OUT": f"{folder}/out"})
    results = json.loads((pathlib.Path(folder) / "out" / "look.json").read_text())
    assert "engine" in results and results["engine"]["well"], done.stdout
    assert done.returncode == 1, f"status {done.returncode}: {done.stdout}"
    assert "There is no GPU here" in done.stdout, done.stdout
    assert results["device-speed"]["well"] is False


# What GLib's test programs say, of cases of which three are wrong in their own way: one ends the program as an assertion does,
# one as a fault, one goes on.
PROGRAM = r"""#!/bin/sh
all="/m/first /m/asserts /m/behind /m/shapes /m/faults /m/skipped /m/last"
chosen=
while [ $# -gt 0 ]; do
  case $1 in
    -l) for name in $all; do echo "# $name"; done; exit 0 ;;
    -p) chosen="$chosen $2"; shift ;;
  esac
  shift
done
echo "TAP version 14"; echo "1..7"; echo "# Start of m tests"
n=0
for name in ${chosen:-$all}; do
  n=$((n + 1))
  case $name in
    */asserts)
      echo "# it failed, and says no problem"
      echo "not ok $name - ERROR:some.c:4:bad: code should not be reached"; echo "Bail out!"; kill -ABRT $$ ;;
    */faults) kill -SEGV $$ ;;
    */shapes)
      echo "# q4_0, 7 x 32, 3, element 2 of 21: 1.5, not 2"
      echo "# q4_0, 7 x 32, 3: 4 of 21 elements, the last 9, the furthest 2: 1.5, not 2"
      echo "not ok $n $name" ;;
    */skipped) echo "ok $n $name # SKIP there is none" ;;
    *) echo "ok $n $name" ;;
  esac
done
"""


def check_tap(folder):
    program = pathlib.Path(folder) / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    with contextlib.redirect_stdout(io.StringIO()):
        shared.Kit("step", folder, False, math.inf).tap("all", "log", [str(program), "--tap", "-k"])
    told = json.loads((pathlib.Path(folder) / "step.json").read_text())["all"]
    assert told["well"] is False and told["passed"] == 3 and told["skipped"] == 1 and not told["missed"], told
    assert sorted(told["failed"]) == ["/m/asserts", "/m/faults", "/m/shapes"], told
    assert "it failed" in told["failed"]["/m/asserts"] and "4 of 21" in told["failed"]["/m/shapes"], told
    assert "-11" in told["failed"]["/m/faults"], told


def check_chosen(folder):
    """What sanitize runs are cases that there are: a list that names none, or other words in it, would leave them out."""
    program = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(TOOL))), "tests", "test-engine-cuda-")
    for _, name, wanted, _ in sanitize.LIST:
        path = program + name.removeprefix("test-engine-cuda-")
        if wanted is None or not os.path.exists(path):
            continue
        said = subprocess.run([path, "-l", "some.so"], capture_output=True, text=True).stdout
        named = shared.read_names(said)
        assert named, f"{name} lists nothing: {said}"
        for word in wanted:
            assert any(word in case for case in named), f"{name} has no {word}"


def check_hanging(folder):
    """It is ended, and whoever waits goes on."""
    with contextlib.redirect_stdout(io.StringIO()):
        step = shared.Kit("step", folder, False, math.inf)
    status, said = step.run("log", ["sh", "-c", "echo begun; exec sleep 10000"], quiet=2)
    assert status is None and "took too long" in said, said


def main():
    checks = [("sizes are those of published files", lambda folder: check_sizes()),
              *((f"{name} opens and computes", lambda folder, name=name: check_model(name, folder))
                for name in synthetic.SHAPES),
              ("go says that there is no GPU", check_go),
              ("all cases of a program that dies are told", check_tap),
              ("what sanitize chooses is there", check_chosen),
              ("a program that hangs is ended", check_hanging)]
    print(f"1..{len(checks)}")
    for number, (what, check) in enumerate(checks, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(folder)
                print("ok", number, "-", what, flush=True)
            except Exception as problem:
                print("#", str(problem).replace("\n", "\n# "))
                print("not ok", number, "-", what, flush=True)


main()
