#!/usr/bin/env python3
"""The engine on ARM processors (TAP): it is compiled for AArch64, and its own tests pass on emulated ones, with
and without the instructions that multiply matrices of bytes. What its kernels make of random
input, and the logits and the answer of a real model, are those of AVX2, to the bit; but for BF16 and many
tokens, which are multiplied as floats there and as integers on x86.

test-neon.py KERNEL_BITS TOOL (those of this machine)
"""
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{here}/arm", f"{here}/peer"]
import arm
import peer

BUILD = (os.environ.get("SOTTO_BUILD_DIR") or f"{arm.ROOT}/_build") + "/arm"
# By qemu's name of a processor, the best tier it has.
PROCESSORS = {"cortex-a72": "reference", "neoverse-n1": "neon", "max": "i8mm"}
# What runs on which of them, and what of it; without a name all of it.
TESTS = [
    ("blocks", "max", []),
    ("kernels", "neoverse-n1", ["/kernels/neon", "/kernels/dispatch"]),
    ("kernels", "max", ["/kernels/i8mm"]),
    ("kernels-rows", "max", []),
    ("kernels-attention", "neoverse-n1", ["/kernels-attention/neon"]),
    ("cpu-backend", "max", ["/cpu-backend/i8mm"]), # beside neon, whose bits it gives
    ("mixed-types", "max", []),
    ("families", "max", []),
]
TOKENS = "504,260,2240,282,4649,314,28,338,253,1165,282,1789,29" # more than eight, then one by one
LIMIT = 1500


def run(command, environment={}):
    return subprocess.run(command, capture_output=True, env=os.environ | environment, timeout=LIMIT)


def fail(ran):
    """The last of what a program said, as a sentence's lines."""
    said = (ran.stdout + ran.stderr).decode(errors="replace").splitlines()
    return [f"status {ran.returncode}"] + [line for line in said if not line.startswith("ok ")][-20:]


def build(place):
    cross = f"{place}/cross.ini"
    options = ["-Dengine_only=true", "-Dcuda=disabled", "-Dwerror=true", "--cross-file", cross]
    stamp = f"{BUILD}/.cross"
    if not os.path.exists(stamp) or open(stamp).read() != cross:
        ran = run(["meson", "setup", "--wipe", BUILD, arm.ROOT] + options if os.path.isdir(BUILD)
                  else ["meson", "setup", BUILD, arm.ROOT] + options)
        if ran.returncode != 0:
            return fail(ran)
        with open(stamp, "w") as file:
            file.write(cross)
    programs = sorted({f"tests/test-engine-{name}" for name, _, _ in TESTS})
    ran = run(["nice", "ninja", "-C", BUILD, "-j2", "engine/sotto-engine", "tests/engine/kernel-bits"] + programs)
    return fail(ran) if ran.returncode != 0 else []


def check_test(place, name, cpu, beginnings):
    program = arm.emulated(place, cpu) + [f"{BUILD}/tests/test-engine-{name}"]
    paths = [line.lstrip("# ") for line in run(program + ["-l"]).stdout.decode().splitlines()]
    chosen = [path for path in paths if path.startswith(tuple(beginnings or ["/"]))]
    ran = run(program + ["-k"] + [argument for path in chosen for argument in ("-p", path)])
    results = [line for line in ran.stdout.decode().splitlines() if line.startswith("ok ")]
    if ran.returncode != 0:
        return fail(ran)
    return [] if len(results) >= len(chosen) > 0 else [f"{len(results)} of {len(chosen)} ran"]


def check_tier(place, cpu, tier):
    ran = run(arm.emulated(place, cpu) + [f"{BUILD}/engine/sotto-engine", "devices"])
    said = ran.stdout.decode()
    return [] if said.startswith(f"cpu-{tier},") else [f"it says {said!r}"]


def check_bits(place, tier, native):
    here_too = run([native, "avx2"])
    there = run(arm.emulated(place, "max") + [f"{BUILD}/tests/engine/kernel-bits", tier])
    for ran in (here_too, there):
        if ran.returncode != 0:
            return fail(ran)
    lines = [ran.stdout.decode().splitlines() for ran in (here_too, there)]
    if len(lines[0]) < 100 or len(lines[0]) != len(lines[1]):
        return [f"{len(lines[0])} and {len(lines[1])} lines"]
    return [f"{a} is there {b}" for a, b in zip(*lines) if a != b]


def check_model(place, tier, native, model):
    """Prefill, decode and an answer."""
    results = []
    for command, own in ((arm.emulated(place, "max") + [f"{BUILD}/engine/sotto-engine"], tier),
                         ([native], "avx2")):
        environment = {"SOTTO_CPU_TIER": own}
        with tempfile.NamedTemporaryFile(suffix=".f32") as output:
            ran = run(command + ["logits", model, "--tokens", TOKENS, "--output", output.name], environment)
            if ran.returncode != 0:
                return fail(ran)
            logits = output.read()
        ran = run(command + ["generate", model, "--prompt", "Name a fruit.", "--temperature", "0", "-n", "6",
                             "--speculation", "never"], environment)
        if ran.returncode != 0:
            return fail(ran)
        results.append((logits, ran.stdout))
    wrong = []
    if not results[0][0] or results[0][0] != results[1][0]:
        wrong.append("the logits are others")
    if not results[0][1] or results[0][1] != results[1][1]:
        wrong.append(f"the answer is {results[0][1]!r}, not {results[1][1]!r}")
    return wrong


def main():
    bits, tool = sys.argv[1:3]
    try:
        place = arm.folder(make=True)
    except arm.Missing as reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    cases = [("it compiles", "", build, (place,))]
    cases += [(f"the best tier of {cpu}", "", check_tier, (place, cpu, tier)) for cpu, tier in PROCESSORS.items()]
    cases += [(f"{' '.join([name] + paths)} on {cpu}", "", check_test, (place, name, cpu, paths))
              for name, cpu, paths in TESTS]
    no_avx2 = "this processor has no AVX2" if peer.lacks("avx2") else ""
    cases += [(f"kernels of {tier} give the bits of AVX2", no_avx2, check_bits, (place, tier, bits))
              for tier in ("neon", "i8mm")]
    for model in peer.models().values():
        skip = no_avx2 if os.path.exists(model) else f"{model} is not there"
        cases += [(f"{os.path.basename(model)} says the same with {tier}", skip, check_model,
                   (place, tier, tool, model)) for tier in ("neon", "i8mm")]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, (name, skip, check, arguments) in enumerate(cases, 1):
        if skip:
            print(f"ok {number} - {name} # SKIP {skip}", flush=True)
            continue
        try:
            wrong = check(*arguments)
        except subprocess.TimeoutExpired:
            wrong = [f"not done after {LIMIT} s"]
        for line in wrong:
            print(f"# {line}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}", flush=True)
        failed += bool(wrong)
        if wrong and check == build:
            print("Bail out! nothing to run")
            return 1
    return 1 if failed else 0


sys.exit(main())
