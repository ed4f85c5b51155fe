"""look: the machine, its driver and GPU, and what they move."""
import os
import platform

from kit import WITHOUT_WGMMA, find_tool

ASKED = ("name,driver_version,memory.total,memory.free,clocks.max.sm,clocks.max.mem,clocks.sm,power.limit,power.draw,"
         "temperature.gpu,pcie.link.gen.max,pcie.link.width.max,mig.mode.current")


def run(kit):
    kit.note("machine", True, platform.platform(), f"{os.cpu_count()} processors,",
             f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB,",
             " ".join(platform.libc_ver()), "Python", platform.python_version())
    for name in ("nvcc", "compute-sanitizer", "nsys", "ncu"):
        kit.note(name, True if find_tool(name) else None, find_tool(name) or "is not here")
    smi = find_tool("nvidia-smi")
    status, said = kit.run("driver", [smi or "nvidia-smi", f"--query-gpu={ASKED}", "--format=csv"], 30)
    kit.note("driver", status == 0 if smi else None, said.strip().replace("\n", " | "))
    if smi:
        kit.run("driver", [smi, "-q"], 30)
    status, said = kit.run("engine", kit.program("sotto-engine", "--version"), 30)
    kit.note("engine", status == 0, said.strip())
    there = False
    # As people start it; and where the small model that is tried first came out wrong, as all other steps do.
    for name, tried in (("devices", "1"), ("devices, untried", "0")):
        status, said = kit.run("engine", kit.program("sotto-engine", "devices"), 60, SOTTO_CUDA_CHECK=tried)
        there = status == 0 and "no GPU" not in said
        kit.note(name, there, said.strip().replace("\n", " | "))
        if there or "is wrong" not in said:
            break
    if not there:
        kit.say("There is no GPU here that Sotto can use: no other step makes sense, unless --emulated.")
    compare_wgmma(kit, measure_device(kit))


def compare_wgmma(kit, found):
    """Products of many rows, beside what they are by ordinary mma: of 9.0 alone they differ."""
    mib = 256 if kit.emulated else 4096
    without, said = kit.json_of("device-without-wgmma", kit.program("device-speed", mib), 240, **WITHOUT_WGMMA)
    if found is None or without is None:
        kit.note("device-speed without wgmma", False, said)
        return
    kit.note("device-speed without wgmma", True, "products of many rows, with it and without:", **without)
    for one, other in zip(found["kernels"], without["kernels"]):
        if one["kernel"].endswith("rows") and one["us"] > 0 and int(one["kernel"].split()[-2]) >= 128:
            kit.say(f"        {one['kernel']:52} {one['tera_operations_per_s']:8.2f} {other['tera_operations_per_s']:8.2f} TOP/s, "
                    f"{other['us'] / one['us']:.2f} times as fast")


def measure_device(kit):
    """What later steps count by; (nullable)"""
    mib = 256 if kit.emulated else 4096
    found, said = kit.json_of("device", kit.program("device-speed", mib), 240)
    if found is None:
        kit.note("device-speed", False, said)
        return None
    kit.note("device-speed", True, f"copy {found['copy_gb_per_s']} GB/s (read and written), bus {found['bus_gb_per_s']} GB/s, upload",
             f"{found['upload_gb_per_s']} GB/s, download {found['download_gb_per_s']} GB/s", **found)
    for kernel in found["kernels"]:
        share = kernel["gb_per_s"] / found["copy_gb_per_s"] if found["copy_gb_per_s"] else 0
        kit.say(f"        {kernel['kernel']:52} {kernel['us']:11.2f} us {kernel['gb_per_s']:8.1f} GB/s "
                f"{share:5.0%} {kernel['tera_operations_per_s']:8.2f} TOP/s")
    return found
