"""Modules of both toolkits, with code for every architecture that they know: each links, says what it is, is small, needs libc
alone and keeps no registers in memory; both are open in one process side by side, and where there is no driver the
program says so. Which of them is taken for which driver and GPU is test-cuda-loader.c's. Half an hour, once.

test-cuda-both.py TOOL
"""
import ctypes
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import toolkits  # noqa: E402  (behind its path)

TOOL = sys.argv[1]
BUILD = (os.environ.get("SOTTO_BUILD_DIR") or f"{toolkits.ROOT}/_build") + "/cuda-both"
MOST_BYTES = 40e6
# By a toolkit's first number, those of our architectures that it knows.
TOOLKITS = {12: "61 70 75 80 86 89 90", 13: "75 80 86 89 90 100 120"}


class Table(ctypes.Structure):
    """How SottoCudaModule begins."""
    _fields_ = [("abi", ctypes.c_uint), ("toolkit", ctypes.c_uint), ("architectures", ctypes.c_char_p),
                ("newest_virtual", ctypes.c_uint), ("driver", ctypes.CFUNCTYPE(ctypes.c_uint))]


def run(command, environment={}):
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)


def build(number, native):
    folder = f"{BUILD}-{number}"
    options = ["-Dengine_only=true", "-Dcuda=enabled", "-Dwerror=true"]
    module = f"engine/cuda/sotto-cuda-{number}.so"
    commands = [["nice", "ninja", "-C", folder, "-j2", module]]
    if not os.path.exists(f"{folder}/build.ninja"):
        shutil.rmtree(folder, ignore_errors=True)
        commands.insert(0, ["meson", "setup", folder, toolkits.ROOT, *options, *native])
    for command in commands:
        ran = run(command)
        assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    return f"{folder}/{module}"


def check_file(number, path):
    size = os.path.getsize(path)
    assert size < MOST_BYTES, f"{size} bytes"
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-d", path]).stdout))
    assert needed <= {"libc.so.6", "ld-linux-x86-64.so.2"}, f"it needs {needed}"
    get = ctypes.CDLL(path).sotto_cuda_module_get
    get.restype = ctypes.POINTER(Table)
    table = get().contents
    assert table.toolkit // 1000 == number, f"toolkit {table.toolkit}"
    assert table.architectures.decode() == TOOLKITS[number], table.architectures
    assert table.newest_virtual == int(TOOLKITS[number].split()[-1]) * 10, table.newest_virtual
    print(f"# {number}: {size / 1e6:.1f} MB, the driver runs {table.driver()}")


def check_registers(number, path, cuobjdump):
    """Of every kernel for every architecture: what registers had no room for would be on its stack, or local."""
    said = run([cuobjdump, "-res-usage", path]).stdout
    kernels = {}
    for architecture, report in re.findall(r"arch = sm_(\d+)\n(.*?)(?=\nFatbin|\Z)", said, re.S):
        for name, stack, local in re.findall(r"Function (\S+):\s+REG:\d+ STACK:(\d+) SHARED:\d+ LOCAL:(\d+)", report):
            assert stack == local == "0", f"{name}, {architecture}: {stack} bytes of stack, {local} local"
            kernels[architecture] = kernels.get(architecture, 0) + 1
    assert set(TOOLKITS[number].split()) <= set(kernels), f"kernels for {set(kernels)}"
    assert len({kernels[architecture] for architecture in TOOLKITS[number].split()}) == 1, kernels
    print(f"# {number}: {kernels}")


def check_said(paths):
    """The oldest driver that any of them runs with is what is asked for, whichever comes first."""
    for order in (paths, paths[::-1]):
        said = run([TOOL, "devices"], {"SOTTO_CUDA_MODULE": ":".join(order)}).stdout
        print("#", said.strip().replace("\n", "\n# "))
        if os.path.exists("/dev/nvidiactl"):
            continue
        assert f"CUDA {min(TOOLKITS)}.0" in said and "driver" in said, said


def main():
    native = {}
    folder, reason = toolkits.twelve()
    if folder is not None:
        native[12] = ["--native-file", f"{folder}/native.ini"]
    if shutil.which("nvcc") and "release 13" in run(["nvcc", "--version"]).stdout:
        native[13] = []
    if len(native) < 2:
        print(f"1..0 # SKIP both toolkits are needed, there is {list(native)}; 12: {reason or 'there'}")
        return
    print("1..3")
    paths = []
    for n, number in enumerate(sorted(TOOLKITS), 1):
        try:
            paths.append(build(number, native[number]))
            check_file(number, paths[-1])
            # 13 has none of its own where only its compiler is installed, and an older one cannot read its files.
            cuobjdump = shutil.which("cuobjdump") if number == 13 else f"{folder}/bin/cuobjdump"
            if cuobjdump:
                check_registers(number, paths[-1], cuobjdump)
            print(f"ok {n} - a module of toolkit {number}", flush=True)
        except Exception as problem:
            print("#", str(problem).replace("\n", "\n# "))
            print(f"not ok {n} - a module of toolkit {number}", flush=True)
    try:
        assert len(paths) == 2, "one of them is missing"
        check_said(paths)
        print("ok 3 - both are there")
    except Exception as problem:
        print("#", str(problem).replace("\n", "\n# "))
        print("not ok 3 - both are there")


main()
