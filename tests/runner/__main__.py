"""tests/run [--all] [--sanitize] [--fuzz SECONDS] [--bench] [--flatpak] [NAME…]

Prepares what is missing, builds Sotto and runs its tests, each NAME standing for the tests whose
name contains it. The last line counts test cases: N passed, N failed (, N skipped).

  --all           the long tests too, and the whole suite once more under pl_PL.UTF-8
  --sanitize      built with ASan and UBSan, in _build-sanitize
  --fuzz SECONDS  every fuzz target for that long, with libFuzzer, in _build-fuzz
  --bench         the benchmarks instead of the tests
  --flatpak       only this: the Flatpak is built offline, installed, used, updated and removed, its
                  portals and the CUDA extension are tried; with NAMEs before it these; with
                  --flatpak=too after the others
  --list          only say which tests there are
"""
import argparse
import os
import signal
import subprocess
import sys
import time

import fuzz
import meson
from report import Report

STRICT = ["-Dwerror=true"]
SANITIZE = [*STRICT, "-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined",
            "-Db_lundef=false"]
# Without the check for use after return: gcc's lays 64-byte vectors at the wrong alignment there
# (its bug 110027), which ends the AVX-512 kernels. An allocation that is too large fails as it would.
ASAN = ("halt_on_error=1:allocator_may_return_null=1:detect_stack_use_after_return=0:"
        "print_legend=0")
ENGINE_ONLY = [*STRICT, "-Dengine_only=true"]
TESTS = ["all", "meson-test-prereq"]

# Long, and in need of what only --flatpak prepares
SANDBOX = "flatpak/"

# What the engine says it stands on; anything else it links to is a dependency that crept in.
ENGINE_LIBRARIES = ("libglib-2.0.so", "libyyjson.so", "libm.so", "libc.so", "libpthread.so",
                    "ld-linux")


def arguments():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sanitize", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fuzz", type=int, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("--bench", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--flatpak", nargs="?", const="only", choices=("only", "too"),
                        help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=argparse.SUPPRESS)
    return parser.parse_args()


def models():
    """The starters, for the tests that need a real one; these skip with a reason without."""
    subprocess.run([meson.REPO / "data/models/fetch"], stdin=subprocess.DEVNULL)


def peer():
    """The independent implementation that logits are compared with; made once, about 4 minutes."""
    subprocess.run([meson.REPO / "tests/engine/peer/prepare"], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def engine_only(report):
    """The engine by itself: it builds, its tool starts, and it links to what it says."""
    start = time.monotonic()
    name = "engine-only build"
    if not meson.build("_build-engine", ENGINE_ONLY, TESTS):
        report.check(name, time.monotonic() - start, "it does not build (see above)")
        return
    report.check(name, time.monotonic() - start)
    tool = meson.REPO / "_build-engine/engine/sotto-engine"
    if not tool.exists():
        report.skip("engine-only tool", "there is no engine/tool yet")
        return
    start = time.monotonic()
    helped = subprocess.run([tool, "--help"], capture_output=True, text=True)
    needed = subprocess.run(["readelf", "-d", tool], capture_output=True, text=True).stdout
    libraries = [line.split("[")[1].rstrip("]") for line in needed.splitlines() if "(NEEDED)" in line]
    foreign = [lib for lib in libraries if not lib.startswith(ENGINE_LIBRARIES)]
    problem = ""
    if helped.returncode != 0:
        problem = f"sotto-engine --help ends with {helped.returncode}"
    elif foreign or not libraries:
        problem = f"it links to {', '.join(foreign) or 'nothing at all'}"
    report.check("engine-only tool", time.monotonic() - start, problem, helped.stderr)


def benchmarks(names, report):
    if not meson.build("_build", STRICT, ["all", "meson-benchmark-prereq"]):
        report.check("build", 0, "it does not build (see above)")
        return
    for bench in meson.introspect("_build", "benchmarks"):
        if names and not any(name in bench["name"] for name in names):
            continue
        print(f"== {bench['name']}", flush=True)
        start = time.monotonic()
        done = subprocess.run(bench["cmd"], env={**os.environ, **bench["env"]},
                              cwd=bench["workdir"] or meson.REPO / "_build", stdin=subprocess.DEVNULL)
        report.check(bench["name"], time.monotonic() - start,
                     f"exit status {done.returncode}" if done.returncode else "")


def tests(options, report):
    folder, setup, environment, factor = "_build", STRICT, {}, 1
    if options.sanitize:
        folder, setup, factor = "_build-sanitize", SANITIZE, 6
        environment = {"ASAN_OPTIONS": f"{ASAN}:abort_on_error=1",
                       "LSAN_OPTIONS": f"suppressions={meson.REPO}/tests/runner/lsan.supp",
                       "G_SLICE": "always-malloc", "MALLOC_PERTURB_": "0"}
    start = time.monotonic()
    if not meson.build(folder, setup, ["build.ninja"] if options.list else TESTS):
        report.check("build", time.monotonic() - start, "it does not build (see above)")
        return
    found = meson.introspect(folder, "tests")
    chosen = meson.select(found, options.names, options.all)
    if options.flatpak == "too":
        sandbox = meson.select(found, [SANDBOX], True)
        chosen += [name for name in sandbox if name not in chosen]
    if options.list:
        print("\n".join(chosen))
        return
    if "engine/exact-logits" in chosen:
        peer()
    if chosen:
        meson.run(folder, chosen, report, environment=environment, timeout_factor=factor)
    if not options.names and not options.sanitize:
        engine_only(report)
    if options.all and chosen:
        polish = {**environment, "LANG": "pl_PL.UTF-8", "LC_ALL": "pl_PL.UTF-8"}
        again = meson.select(found, options.names, False)
        meson.run(folder, again, report, "pl_PL ", polish, factor)


def main():
    options = arguments()
    if options.flatpak == "only" and not options.names:
        options.names.append(SANDBOX)
    os.chdir(meson.REPO)
    report = Report()
    if options.fuzz is not None:
        fuzz.run(options.fuzz, options.names, report)
    elif options.bench:
        models()
        benchmarks(options.names, report)
    else:
        if not options.list:
            models()
        tests(options, report)
        if options.list:
            return 0
    return report.close()


def interrupted(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Asked to end in any way, the tests that run are ended too.
    signal.signal(signal.SIGTERM, interrupted)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
