"""The CUDA toolkits that there are: the one that nvcc of PATH belongs to, and Debian's own of .ci/cuda-12."""
import os
import shutil
import subprocess

ROOT = os.path.realpath(f"{os.path.dirname(os.path.abspath(__file__))}/../..")


def twelve():
    """(its folder, None), fetched where it is missing; or (None, the reason why not)."""
    ran = subprocess.run([f"{ROOT}/.ci/cuda-12"], capture_output=True, text=True)
    if ran.returncode != 0:
        return None, (ran.stderr.strip().splitlines() or ["it cannot be prepared"])[-1]
    return ran.stdout.splitlines()[-1], None


def compilers():
    """What compiles: by names for people, the paths of nvcc."""
    found = {}
    if shutil.which("nvcc"):
        found["nvcc of PATH"] = shutil.which("nvcc")
    folder, reason = twelve()
    if folder is not None:
        found["12.4"] = f"{folder}/nvcc"
    else:
        print("# 12.4:", reason)
    return found
