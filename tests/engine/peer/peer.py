"""Where the peer lives, what it is made of, and how a script gets into it."""
import configparser
import functools
import hashlib
import os
import platform
import subprocess
import sys

BINDINGS = "llama-cpp-python==0.3.36"
PACKAGES = ["numpy==2.4.6", "gguf==0.19.0", "jinja2==3.1.6", "tokenizers==0.23.3",
            "diskcache==5.6.3", "typing-extensions==4.16.0"]
BUILD_PACKAGES = ["scikit-build-core==1.1.2", "cmake==4.4.4", "ninja==1.13.2"]
TARGETS = ["llama", "llama-bench", "llama-perplexity"]
CMAKE_OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_NATIVE=ON", "-DGGML_CCACHE=OFF",
    # The libraries find each other wherever they are copied to.
    "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON", "-DCMAKE_INSTALL_RPATH=$ORIGIN",
    "-DLLAMA_BUILD_COMMON=ON", "-DLLAMA_BUILD_TOOLS=ON", "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_APP=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_OPENSSL=OFF",
    # Not our code: its warnings would only bury an error.
    "-DLLAMA_ALL_WARNINGS=OFF", "-DCMAKE_C_FLAGS=-w", "-DCMAKE_CXX_FLAGS=-w",
]
# The same with another libggml-cpu, to compare with a machine that has less: without AVX-512, and
# without the matrix unit (AMX), which only some servers have.
VARIANTS = {
    "avx2": ["-DGGML_NATIVE=OFF", "-DGGML_SSE42=ON", "-DGGML_AVX=ON", "-DGGML_AVX2=ON",
             "-DGGML_FMA=ON", "-DGGML_F16C=ON", "-DGGML_BMI2=ON"],
    "avx512": ["-DCMAKE_C_FLAGS=-w -mno-amx-tile -mno-amx-int8 -mno-amx-bf16",
               "-DCMAKE_CXX_FLAGS=-w -mno-amx-tile -mno-amx-int8 -mno-amx-bf16"],
}
# The engine's tiers on this kind of processor and what each asks of one, in the words of /proc/cpuinfo.
TIERS = {"reference": [], "neon": ["asimddp"], "i8mm": ["asimddp", "i8mm"]} \
    if platform.machine() == "aarch64" else \
    {"reference": [], "avx2": ["avx2", "fma", "f16c"], "avxvnni": ["avx_vnni", "gfni"],
     "avx512": ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512vbmi", "gfni"],
     "amx": ["amx_tile", "amx_int8", "amx_bf16", "avx512_bf16"]}


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("SOTTO_CACHE") or f"{home}/sotto-build"


def cpu():
    """What a native build depends on: a folder shared between machines must not mix them up."""
    with open("/proc/cpuinfo") as lines:
        wanted = ("flags", "Features", "model name")
        return sorted({line.strip() for line in lines if line.startswith(wanted)})


def lacks(tier):
    """What the tier asks for and this processor has not."""
    flags = " ".join(cpu()).split()
    return [flag for flag in TIERS.get(tier, []) if flag not in flags]


def folder():
    what = [BINDINGS, PACKAGES, BUILD_PACKAGES, TARGETS, CMAKE_OPTIONS, VARIANTS, cpu(),
            sys.version_info[:2], platform.libc_ver()]
    return f"{cache()}/peer-{hashlib.sha256(repr(what).encode()).hexdigest()[:12]}"


def variants():
    """Those that differ from the native build of this machine."""
    flags = " ".join(cpu()).split()
    return [name for name, flag in (("avx2", "avx512f"), ("avx512", "amx_int8")) if flag in flags]


def ready():
    return os.path.exists(f"{folder()}/READY")


def enter():
    """Runs the calling script again with the peer's Python, which is prepared if it is missing."""
    python = f"{folder()}/venv/bin/python3"
    if sys.prefix == f"{folder()}/venv":
        return
    if not ready():
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run([f"{here}/prepare"], stdout=subprocess.DEVNULL, check=True)
    os.execv(python, [python] + sys.argv)


def models_folder():
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return f"{home}/sotto/models"


@functools.cache
def file_hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Of the text of exact-logits: enough to tell 99 % from 98 %, few enough for plain C to take seconds.
TOKENS = 100
# Steps of a cache that fall the other way move the mean over a hundred tokens by a tenth.
KV_TOKENS = 256


def logits_folder(model, tokens=TOKENS):
    """Where exact-logits keeps its results. A change of the scripts that make them is another place."""
    here = os.path.dirname(os.path.abspath(__file__))
    makers = "".join(file_hash(f"{here}/{name}") for name in ("exact-logits", "llama.py", "forward.py"))
    makers = hashlib.sha256(makers.encode()).hexdigest()[:8]
    return f"{folder()}/logits/{file_hash(model)[:16]}-{tokens}-{makers}"


def models(development=False):
    """Name and file of the starter models in data/models' recipe that write, or of those for development too."""
    here = os.path.dirname(os.path.abspath(__file__))
    recipe = configparser.ConfigParser(interpolation=None)
    recipe.read(f"{here}/../../../data/models/starter-models.ini")
    # What has a form of its own makes vectors, and no logits.
    return {name: f"{models_folder()}/{recipe[name]['file']}" for name in recipe.sections()
            if "form" not in recipe[name] and (development or not recipe[name].getboolean("development", False))}
