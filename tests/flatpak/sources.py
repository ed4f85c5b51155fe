"""The sources of the manifests without upstream's hosts: Debian's source packages hold the same files.

Each file is taken only if it has the very hash that the manifest asks for, and laid where
flatpak-builder --extra-sources looks: FOLDER/downloads/SHA256/NAME. What a mirror does not have is
named, so that the caller can say so; Debian's own build of that library stands in for it then.
"""
import csv
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.parse

SUITE = "trixie"
# module → its source package; and, where a mirror may lack that, the packages that stand in
PACKAGES = {
    "yyjson": ("yyjson", ()),
    "libsodium": ("libsodium", ()),
    "cmark-gfm": ("cmark-gfm", ()),
    "jimtcl": ("jimtcl", ()),
    "sqlcipher": ("sqlcipher", ()),
    "poppler-data": ("poppler-data", ()),
    "poppler": ("poppler", ()),
    "libspeechd": ("speech-dispatcher", ()),
    "libspelling": ("libspelling", ("libspelling-1-2", "libspelling-1-dev")),
}
# NVIDIA's archives (the `dest` of each in the manifest) → the same parts as Python has them
TOOLKIT = {
    "nvcc": "nvidia_cuda_nvcc",
    "crt": "nvidia_cuda_crt",
    "cudart": "nvidia_cuda_runtime",
    "cccl": "nvidia_cuda_cccl",
    "libnvvm": "nvidia_nvvm",
}
# One that the test compiles for, of those that engine/cuda/meson.build would: the others differ in a number.
ARCHITECTURE = "75"


class Missing(Exception):
    """A source that cannot be had here."""


def sha256_of(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def name_of(source):
    """As flatpak-builder calls what it downloads: an archive as the manifest does, else as the address."""
    name = pathlib.PurePosixPath(urllib.parse.urlparse(source["url"]).path).name
    return source.get("dest-filename", name) if source["type"] == "archive" else name


def downloads(module):
    return [source for source in module["sources"] if isinstance(source, dict) and "url" in source]


def place_of(folder, source):
    return folder / "downloads" / source["sha256"] / name_of(source)


def mirror():
    """From the machine's own settings."""
    for path in [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt").glob("sources.list.d/*")]:
        if path.is_file() and (found := re.search(r"^(?:URIs:|deb)\s.*?(https?://\S*/debian/?)(?:\s|$)",
                                                  path.read_text(), re.M)):
            return found[1]
    raise Missing("no Debian mirror is known here")


class Apt:
    """apt-get with lists and a cache of its own, for source packages as well."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        (folder / "sources.list").write_text(
            "".join(f"{kind} {keyring} {mirror()} {SUITE} main\n" for kind in ("deb", "deb-src")))
        (folder / "apt.conf").write_text(
            f'Dir::State::lists "{folder}/lists";\nDir::Cache "{folder}";\n'
            f'Dir::Etc::sourcelist "{folder}/sources.list";\nDir::Etc::sourceparts "-";\n'
            'APT::Sandbox::User "";\nAcquire::Retries "2";\n')
        self.run("update")

    def run(self, *command, where=None):
        done = subprocess.run(["apt-get", "-qq", *command], cwd=where or self.folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False,
                              env={**os.environ, "APT_CONFIG": str(self.folder / "apt.conf")})
        if done.returncode != 0:
            reason = [line for line in done.stderr.splitlines() if line.startswith("E:")]
            raise Missing(reason[0] if reason else done.stderr[-200:])

    def source(self, package, where):
        self.run("source", "--download-only", "--tar-only", "--only-source", package, where=where)

    def binary(self, package, where):
        self.run("download", package, where=where)


def take(module, package, apt, folder):
    """Lays the sources of a module where they belong; Missing where one is not to be had."""
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        complaint = None
        try:
            apt.source(package, place)
        except Missing as missing:      # of several archives a mirror may have the one that counts
            complaint = missing
        found = {sha256_of(path): path for path in place.iterdir()}
        wanted = [source for source in downloads(module) if not place_of(folder, source).exists()]
        # Not the archive, but single files of it.
        if not all(source["sha256"] in found for source in wanted):
            for archive in list(found.values()):
                with tarfile.open(archive) as tar:
                    tar.extractall(place / "inside", filter="data")
            found |= {sha256_of(path): path for path in (place / "inside").rglob("*") if path.is_file()}
        for source in wanted:
            if source["sha256"] not in found:
                raise complaint or Missing(f"{package} in Debian holds another {name_of(source)}")
            target = place_of(folder, source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found[source["sha256"]], target)


def fetch_build(packages, apt, tree):
    with tempfile.TemporaryDirectory() as place:
        for package in packages:
            apt.binary(package, place)
        new = tree.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for archive in pathlib.Path(place).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, new], check=True)
        new.rename(tree)


def stand_in(module, tree):
    """The module with Debian's build instead of its sources."""
    return {
        "name": module["name"], "buildsystem": "simple",
        "sources": [{"type": "dir", "path": str(tree / "usr")}],
        "build-commands": [
            "mkdir -p /app/lib/pkgconfig /app/include",
            "cp -a lib/*/lib*.so* /app/lib",
            "cp -a include/. /app/include",
            f"install -D -m 644 $(ls share/doc/*/copyright | head -n 1) "
            f"/app/share/licenses/$FLATPAK_ID/{module['name']}/copyright",
            "cp -a lib/*/pkgconfig/. /app/lib/pkgconfig",
            "sed -i 's,/usr,/app,; s,/lib/[^/]*-linux-gnu,/lib,' /app/lib/pkgconfig/*.pc",
        ],
    }


def prepare(manifest, folder):
    """Fetches what is not there yet. Changes the manifest where something has to stand in; a sentence for
    each of those."""
    apt = None
    changed = []
    (folder / "stand-in").mkdir(parents=True, exist_ok=True)
    for index, module in enumerate(manifest["modules"]):
        wanted = downloads(module)
        if all(place_of(folder, source).exists() for source in wanted):
            continue
        package, substitutes = PACKAGES[module["name"]]
        tree = folder / "stand-in" / module["name"]
        if not tree.exists():
            apt = apt or Apt(folder / "apt")
            try:
                take(module, package, apt, folder)
                continue
            except Missing as missing:
                if not substitutes:
                    raise
                changed.append(str(missing))
                fetch_build(substitutes, apt, tree)
        changed.append(f"{module['name']} is Debian's build here: its source is not on this machine's mirror")
        manifest["modules"][index] = stand_in(module, tree)
    return changed


def prepare_model(manifest, folder, models):
    """Lays the model of an extension there, from where data/models/fetch put it. Nothing has to stand in."""
    for module in manifest["modules"]:
        for source in downloads(module):
            target = place_of(folder, source)
            if target.exists():
                continue
            found = models / source["dest-filename"]
            if not found.exists() or sha256_of(found) != source["sha256"]:
                raise Missing(f"{found} is not here; data/models/fetch puts it there")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(found, target)
            except OSError:     # on another file system
                shutil.copy(found, target)
    return []


def part_files(toolkit, part):
    """The files of one part of a toolkit that was installed from Python's packages, which list them; and its licence."""
    lists = sorted((toolkit / "dist-info").glob(f"{part}-*.dist-info/RECORD"))
    if not lists:
        raise Missing(f"{toolkit} does not say which files are those of {part}")
    with open(lists[0], encoding="utf-8") as stream:
        names = [pathlib.PurePosixPath(row[0]).parts for row in csv.reader(stream)]
    files = ["/".join(name[2:]) for name in names if name[:1] == ("nvidia",) and name[2] != ".metadata"]
    licences = sorted((toolkit / "dist-info").glob("nvidia_cuda_nvcc-*/licenses/*"))
    return lists[0].parent.name.split("-")[1].removesuffix(".dist"), files, licences[0]


def pack_part(toolkit, source, archive):
    """An archive as NVIDIA lays them out: NAME-archive/{LICENSE,bin,include,lib,nvvm}, but not compressed."""
    top = name_of(source).removesuffix(".tar.xz")
    version, files, licence = part_files(toolkit, TOOLKIT[source["dest"]])
    if f"-{version}-" not in top:
        raise Missing(f"{toolkit} has {source['dest']} {version}, which is not {top}")
    with tarfile.open(archive, "w") as tar:
        tar.add(licence, f"{top}/LICENSE")
        for name in files:
            tar.add((toolkit / name).resolve(), f"{top}/{name}")


def find_toolkit():
    toolkit = pathlib.Path(os.environ.get("CUDA_HOME", "/usr/local/cuda")).resolve()
    if not (toolkit / "bin/nvcc").exists():
        raise Missing("there is no CUDA toolkit here (CUDA_HOME)")
    return toolkit


def toolkit_problem():
    """Why no archives can be made here; None where they can."""
    try:
        toolkit = find_toolkit()
        for part in TOOLKIT.values():
            part_files(toolkit, part)
    except Missing as missing:
        return str(missing)
    return None


def prepare_toolkit(manifest, folder):
    """Makes archives of NVIDIA's toolkit out of the one that is here, and has the manifest take these, and compile for one
    GPU only; the sentences that say so."""
    toolkit = find_toolkit()
    for module in manifest["modules"]:
        for source in [source for source in downloads(module) if "dest" in source]:
            known = sorted((folder / "toolkit").glob(f"*/{name_of(source)}"))
            if not known:
                new = folder / "toolkit/new" / name_of(source)
                new.parent.mkdir(parents=True, exist_ok=True)
                pack_part(toolkit, source, new)
                target = folder / "toolkit" / sha256_of(new)
                target.mkdir(exist_ok=True)
                known = [new.rename(target / name_of(source))]
            source |= {"sha256": known[0].parent.name, "archive-type": "tar"}
            target = place_of(folder, source)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(known[0], target)
        commands = module.get("build-commands", [])
        module["build-commands"] = [command.replace("-Dcuda=enabled", f"-Dcuda=enabled -Dcuda-architectures={ARCHITECTURE}")
                                    for command in commands]
    return [f"NVIDIA's archives are packed anew from {toolkit}", f"the module is compiled for {ARCHITECTURE} only"]
