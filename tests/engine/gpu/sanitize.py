"""sanitize: NVIDIA's compute-sanitizer over a short list, the most telling first."""
from kit import HERE, find_tool, read_names

# Tool, program, tests (all without), and seconds at most.
LIST = [
    ("memcheck", "test-engine-cuda-kernels", None, 150),
    ("racecheck", "test-engine-cuda-wrappers", None, 45),
    ("racecheck", "test-engine-cuda-kernels", ("attend", "multiply"), 120),
    ("synccheck", "test-engine-cuda-kernels", None, 90),
    ("memcheck", "test-engine-cuda-models", ("family",), 90),
    ("racecheck", "test-engine-cuda-kernels", ("delta", "route", "norm", "streams"), 60),
]


def paths(kit, program, module, wanted):
    """-p for the tests whose names have one of the words."""
    if wanted is None:
        return []
    _, said = kit.run("list", kit.program(program, "-l", module), 30)
    named = read_names(said)
    return [word for name in named if any(w in name for w in wanted) for word in ("-p", name)]


def find_way(kit, tool):
    """How programs are started beneath the tool: with the loader that was carried along, or, where the tool's own libraries do not
    bear that, by the machine's. (nullable): (function of a program and its arguments, environment)"""
    ways = [("with our loader", kit.program, {}),
            ("with the machine's loader", lambda name, *arguments: [f"{HERE}/bin/{name}", *map(str, arguments)],
             {"LD_LIBRARY_PATH": kit.beside()})]
    for words, way, environment in ways:
        status, said = kit.run(f"sanitizer {words}", [tool, "--tool", "memcheck", "--target-processes", "all",
                               *way("sotto-engine", "devices")], 60, **environment)
        well = status == 0 and "ERROR SUMMARY" in said
        kit.note(f"compute-sanitizer {words}", True if well else None, f"status {status},",
                 (said.strip().splitlines() or ["nothing was said"])[-1])
        if well:
            return way, environment
    return None


def run(kit):
    tool = find_tool("compute-sanitizer")
    if tool is None:
        kit.note("compute-sanitizer", None, "is not here")
        return
    found = find_way(kit, tool)
    if found is None:
        kit.note("compute-sanitizer", False, "no program of ours runs beneath it")
        return
    way, environment = found
    for check, program, wanted, seconds in LIST:
        module = kit.probes if program.endswith("wrappers") else kit.module
        chosen = paths(kit, program, module, wanted)
        what = f"{check} of {program.removeprefix('test-engine-')}{' ' + ' '.join(wanted) if wanted else ''}"
        if wanted is not None and not chosen:
            kit.note(what, False, "there are no such tests")
            continue
        # The loader starts the program, but the kernels run in the same process.
        status, said = kit.run(f"{check}-{program}", [tool, "--tool", check, "--target-processes", "all",
                               "--error-exitcode", "9", *way(program, "--tap", "-k", *chosen, module)], seconds, **environment)
        found = [line for line in said.splitlines() if line.startswith("=========")]
        cases = sum(line.startswith("ok") for line in said.splitlines())
        well = None if status is None and not any("ERROR SUMMARY" not in l and "Error" in l for l in found) else status == 0
        kit.note(what, well, f"status {status}, {cases} cases;", found[-1] if found else "nothing found")
