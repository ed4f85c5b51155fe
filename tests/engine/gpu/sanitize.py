"""sanitize: NVIDIA's compute-sanitizer over a short list, the most telling first."""
from kit import find_tool

# Tool, program, tests (all without), and seconds at most.
LIST = [
    ("memcheck", "test-engine-cuda-kernels", None, 150),
    ("racecheck", "test-engine-cuda-wrappers", None, 45),
    ("racecheck", "test-engine-cuda-kernels", ("attend", "multiply"), 120),
    ("synccheck", "test-engine-cuda-kernels", None, 90),
    ("memcheck", "test-engine-cuda-models", ("family",), 90),
    ("racecheck", "test-engine-cuda-kernels", ("delta", "route", "norm", "quantise"), 60),
]


def paths(kit, program, module, wanted):
    """-p for the tests whose names have one of the words."""
    if wanted is None:
        return []
    _, said = kit.run("list", kit.program(program, "-l", module), 30)
    named = [line.strip() for line in said.splitlines() if line.startswith("/")]
    return [word for name in named if any(w in name for w in wanted) for word in ("-p", name)]


def run(kit):
    tool = find_tool("compute-sanitizer")
    if tool is None:
        kit.note("compute-sanitizer", None, "is not here")
        return
    for check, program, wanted, seconds in LIST:
        module = kit.probes if program.endswith("wrappers") else kit.module
        chosen = paths(kit, program, module, wanted)
        what = f"{check} of {program.removeprefix('test-engine-')}{' ' + ' '.join(wanted) if wanted else ''}"
        if wanted is not None and not chosen:
            kit.note(what, False, "there are no such tests")
            continue
        # The loader starts the program, but the kernels run in the same process.
        status, said = kit.run(f"{check}-{program}", [tool, "--tool", check, "--target-processes", "all",
                               "--error-exitcode", "9", *kit.program(program, "--tap", "-k", *chosen, module)], seconds)
        found = [line for line in said.splitlines() if line.startswith("=========")]
        cases = sum(line.startswith("ok") for line in said.splitlines())
        well = None if status is None and not any("ERROR SUMMARY" not in l and "Error" in l for l in found) else status == 0
        kit.note(what, well, f"status {status}, {cases} cases;", found[-1] if found else "nothing found")
