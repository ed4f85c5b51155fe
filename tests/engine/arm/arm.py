"""Where that lies which compiles for AArch64 and runs what was compiled (prepare makes it)."""
import os
import platform
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(f"{HERE}/../../..")


class Missing(Exception):
    """With the reason why there is none."""


def folder(make):
    """Its path; where it is missing it is made, if asked to."""
    if platform.machine() == "aarch64":
        raise Missing("this processor is one: the other tests try its tiers")
    ran = subprocess.run([f"{HERE}/prepare"] + ([] if make else ["--check"]),
                         capture_output=True, text=True)
    if ran.returncode != 0:
        raise Missing((ran.stderr.strip().splitlines() or ["it cannot be prepared"])[-1])
    return ran.stdout.splitlines()[-1]


def compiler(place):
    """The C compiler, to be followed by arguments."""
    flags = subprocess.run(["pkg-config", "--cflags", "glib-2.0"], capture_output=True, text=True, check=True,
                           env=os.environ | {"PKG_CONFIG_SYSROOT_DIR": place, "PKG_CONFIG_LIBDIR":
                                             f"{place}/usr/lib/aarch64-linux-gnu/pkgconfig"})
    return ["env", f"LD_LIBRARY_PATH={place}/usr/lib/x86_64-linux-gnu",
            f"{place}/usr/bin/aarch64-linux-gnu-gcc", f"--sysroot={place}"] + flags.stdout.split()


def emulated(place, cpu):
    """A processor of that name (qemu's), to be followed by a program and its arguments."""
    return ["nice", f"{place}/usr/bin/qemu-aarch64", "-L", place, "-cpu", cpu]
