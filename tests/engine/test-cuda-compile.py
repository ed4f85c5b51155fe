"""Kernels compile for every architecture that a toolkit knows, and none keeps registers in memory: with nvcc of PATH and with
12.4, which alone knows 6.1 and 7.0. From 9.0 on none touches memory before it has waited for the kernels before it. All round as
IEEE has it, where they do not say otherwise, so that a device gives the bits of the emulation. What products by four warps read
begins where it has to.

nvcc's own compiler says of each kernel how many bytes it stores that registers have no room for. What it moved before the
wait would be seen in no result that is looked at on the CPU, so it is looked for in the machine code; how it rounds, in what that
is made of. A minute or more for each architecture, so it is a long test.
"""
import concurrent.futures
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import toolkits  # noqa: E402  (behind its path)

ENGINE = pathlib.Path(os.environ["SOTTO_SOURCE_DIR"]) / "engine"
WANTED = ("61", "70", "75", "80", "86", "89", "90", "100", "120")
# Programs of the build, and what has no kernels.
NO_KERNELS = {"list-architectures.cu", "module.cu", "table.cu"}
# What one architecture alone has, compiled for that: products by four warps (wgmma).
OWN = {"multiply-hopper.cu": ("90", "90a")}
FLAGS = ["-std=c++20", "-O3", "-fmad=false", f"-I{ENGINE}", "-Xptxas=-v", "-cubin"]
# A kernel that spills by design: its name and why.
MAY_SPILL = {}
# Rounds otherwise, and may.
MAY_ROUND = {"ex2.approx.ftz.f32"}
INSTRUCTION = re.compile(r"^\s*(?:@!?%\w+\s+)?([a-z]\w*(?:\.\w+)+)", re.M)
ARITHMETIC = {"add", "sub", "mul", "mad", "fma", "div", "rcp", "sqrt"}
# The lowest twelve bits of instructions of 9.0 to 12.0, each of which has 128: nvdisasm -hex shows them.
WAIT = 0x82e  # ACQBULK, which griddepcontrol.wait becomes
QUAD = 0x9f0  # HGMMA, which wgmma becomes
TILES = 1024  # SHARED_TILES
TOUCHES = {0x980: "LD", 0x981: "LDG", 0x985: "ST", 0x986: "STG", 0x98a: "ATOM", 0x98e: "REDG", 0x9a8: "ATOMG", 0xfae: "LDGSTS"}


def known(nvcc):
    """The architectures that this toolkit compiles for."""
    said = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=True)
    there = set(re.findall(r"compute_(\d+)", said.stdout))
    return [architecture for architecture in WANTED if architecture in there]


def sections_of(cubin, prefix):
    """Of an ELF file: what follows the prefix of a name, where it is and how large, and to what it is aligned."""
    start, = struct.unpack_from("<Q", cubin, 0x28)
    size, n, names = struct.unpack_from("<HHH", cubin, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQ", cubin, start + i * size) for i in range(n)]
    for name, _, _, _, at, n_bytes, _, _, alignment in sections:
        name = cubin[sections[names][4] + name:].split(b"\0", 1)[0].decode()
        if name.startswith(prefix):
            yield name[len(prefix):], at, n_bytes, alignment


def kernels_of(cubin):
    """Names and machine code."""
    for name, at, n_bytes, _ in sections_of(cubin, ".text."):
        yield name, cubin[at:at + n_bytes]


def early(cubin):
    """Kernels that touch memory before they wait, in sentences. Each has to be seen to do both, or else the numbers above
    are not those of this architecture."""
    for name, code in kernels_of(cubin):
        seen = [word & 0xfff for word, _ in struct.iter_unpack("<QQ", code)]
        touches = [i for i, number in enumerate(seen) if number in TOUCHES]
        if WAIT not in seen or not touches:
            yield f"{name}: no wait or no touch of memory is seen"
        elif touches[0] < seen.index(WAIT):
            yield f"{name}: {TOUCHES[seen[touches[0]]]} before the wait"


def serial(cubin, said):
    """Kernels without products by four warps, or where the compiler waits after each, in sentences."""
    for name, code in kernels_of(cubin):
        if not any(word & 0xfff == QUAD for word, _ in struct.iter_unpack("<QQ", code)):
            yield f"{name}: no products by four warps are seen"
    for sentence in re.findall(r".*wgmma.*serialized.*", said):
        yield sentence


def crooked(cubin):
    """Kernels whose dynamic shared memory, which lies behind what they declare, is not aligned as SHARED_TILES has it, in
    sentences: products would read it in another order, and toolkits are said to have passed over what was asked for."""
    declared = {name: (n_bytes, alignment) for name, _, n_bytes, alignment in sections_of(cubin, ".nv.shared.")}
    for name, _ in kernels_of(cubin):
        n_bytes, alignment = declared.get(name, (0, 0))
        if alignment == 0 or alignment % TILES or n_bytes % TILES:
            yield f"{name}: its shared memory of {n_bytes} bytes is aligned to {alignment}"


def inexact(ptx):
    """Instructions that round otherwise than one by one and to the nearest. Products and sums without .rn are fused by whoever
    compiles them further."""
    for name in sorted(set(INSTRUCTION.findall(ptx)) - MAY_ROUND):
        parts = name.split(".")
        if {"approx", "full", "ftz"} & set(parts) or (
                parts[0] in ARITHMETIC and parts[-1] in ("f32", "f64") and "rn" not in parts):
            yield name


def problems(nvcc, glib, source, architecture):
    """What is wrong with one file, in sentences; and how many kernels it has."""
    own, code = OWN.get(source.name, (architecture, architecture))
    if own != architecture:
        return [], 0
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "kernels.cubin"
        done = subprocess.run([nvcc, *FLAGS, *glib, f"-gencode=arch=compute_{code},code=sm_{code}", "--keep", "--keep-dir", folder,
                               "-o", target, source], capture_output=True, text=True)
        cubin = target.read_bytes() if target.exists() else b""
        ptx = "".join(path.read_text() for path in pathlib.Path(folder).glob("*.ptx"))
    said = done.stdout + done.stderr
    if done.returncode != 0:
        return [f"{source.name} does not compile for {architecture}: {said[-2000:]}"], 0
    found, n_kernels = [], 0
    for name, report in re.findall(r"Compiling entry function '(\S+)'(.*?)(?=Compiling entry|\Z)",
                                   said, re.S):
        n_kernels += 1
        spilled = re.search(r"(\d+) bytes spill stores", report)
        stack = re.search(r"(\d+) bytes stack frame", report)
        if spilled is None or stack is None:
            found.append(f"{source.name}: nothing is said of {name}")
        elif spilled[1] != "0" and not any(known_name in name for known_name in MAY_SPILL):
            found.append(f"{source.name}, {architecture}: {name} spills {spilled[1]} bytes")
        elif stack[1] != "0" and not any(known_name in name for known_name in MAY_SPILL):
            found.append(f"{source.name}, {architecture}: {name} has {stack[1]} bytes of stack, for what is indexed by a variable")
    if n_kernels > 0 and ".entry" not in ptx:
        found.append(f"{source.name}, {architecture}: its PTX is not seen")
    found += [f"{source.name}, {architecture}: {name}" for name in inexact(ptx)]
    if int(architecture) >= 90:
        found += [f"{source.name}, {architecture}: {sentence}" for sentence in early(cubin)]
    if source.name in OWN:
        found += [f"{source.name}: {sentence}" for sentence in (*serial(cubin, said), *crooked(cubin))]
    return found, n_kernels


def main():
    compilers = toolkits.compilers()
    if not compilers:
        print("1..0 # SKIP there is no nvcc")
        return
    flags = subprocess.run(["pkg-config", "--cflags-only-I", "glib-2.0"], capture_output=True,
                           text=True, check=True).stdout.split()
    cases = [(name, nvcc, architecture) for name, nvcc in compilers.items() for architecture in known(nvcc)]
    sources = sorted(path for path in (ENGINE / "cuda").glob("*.cu") if path.name not in NO_KERNELS)
    print(f"1..{len(cases)}")
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        os.environ["TMPDIR"] = folder
        for number, (name, nvcc, architecture) in enumerate(cases, 1):
            results = list(pool.map(lambda source: problems(nvcc, flags, source, architecture), sources))
            sentences = [sentence for found, _ in results for sentence in found]
            n_kernels = sum(n for _, n in results)
            if n_kernels == 0:
                sentences.append("no kernel was seen")
            for sentence in sentences:
                print("#", sentence.replace("\n", "\n# "))
            print("not ok" if sentences else "ok", number, f"- {n_kernels} kernels for {architecture}, {name}",
                  flush=True)


if __name__ == "__main__":
    sys.exit(main())
