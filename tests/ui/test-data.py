#!/usr/bin/env python3
"""Desktop file and metainfo, that of the Flatpak's extensions, too, are valid, and every icon that the window names is there."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

SOURCE = pathlib.Path(os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
ID = "io.github.sotto_chat.Sotto"


def validated(command, path):
    """Yields what the validator says; skips where it is not installed."""
    if not path.exists():
        yield f"{path} was not made"
        return
    if not shutil.which(command[0]):
        yield f"SKIP {command[0]} is not installed"
        return
    done = subprocess.run([*command, path], capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip()
    if done.returncode or "error" in said:
        yield from said.splitlines()


def desktop_file():
    yield from validated(["desktop-file-validate"], BUILD / "data" / f"{ID}.desktop")


def metainfo_valid(path):
    """Pedantically, too: there the capital letter of our name is the one thing left to say."""
    yield from validated(["appstreamcli", "validate", "--strict", "--no-net", "--no-color"], path)
    yield from validated(["appstream-util", "validate-relax", "--nonet"], path)
    if not shutil.which("appstreamcli"):
        return
    done = subprocess.run(["appstreamcli", "validate", "--pedantic", "--no-net", "--no-color", path], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if re.match("[EWIP]: ", line) and "cid-contains-uppercase-letter" not in line:
            yield line


def metainfo():
    yield from metainfo_valid(BUILD / "data" / f"{ID}.metainfo.xml")


def metainfo_of_extensions():
    """Made as the manifests make it, of each of them; it says what it belongs to, and in every language what it is."""
    if not shutil.which("msgfmt"):
        yield "SKIP msgfmt is not installed"
        return
    languages = (SOURCE / "po/LINGUAS").read_text().split()
    manifests = sorted((SOURCE / "flatpak").glob(f"{ID}.*.yml"))
    if len(manifests) < 3:
        yield f"there are only {len(manifests)}"
    for manifest in manifests:
        name = re.search("^id: (.*)", manifest.read_text(), re.M)[1]
        commands = re.findall("^ +- (msgfmt .*)", manifest.read_text(), re.M)
        if len(commands) != 1 or "$FLATPAK_DEST/share/metainfo $FLATPAK_ID.metainfo.xml" not in manifest.read_text():
            yield f"{manifest.name} installs none"
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / f"{name}.metainfo.xml"
            command = commands[0].replace("$FLATPAK_ID.metainfo.xml.in", str(SOURCE / "flatpak" / f"{name}.metainfo.xml.in"))
            command = re.sub("--template=(flatpak/)?", "--template=", command).replace("-d po", f"-d {SOURCE / 'po'}")
            subprocess.run(command.replace("$FLATPAK_ID.metainfo.xml", str(path)).split(), check=True)
            yield from metainfo_valid(path)
            root = ElementTree.parse(path).getroot()
        if root.get("type") != "addon" or (root.findtext("id"), root.findtext("extends")) != (name, ID):
            yield f"{manifest.name} is not described as an addition to {ID}"
        if len(root.findall("summary")) != 1 + len(languages):
            yield f"{manifest.name} is described in {len(root.findall('summary'))} languages"


def screenshots():
    """Those that the metainfo names lie in data/screenshots, and are as large as it says; so do those of the README."""
    folder = SOURCE / "data" / "screenshots"
    root = ElementTree.parse(SOURCE / "data" / f"{ID}.metainfo.xml.in").getroot()
    named = set()
    for screenshot in root.iter("screenshot"):
        image = screenshot.find("image")
        name = image.text.rsplit("/", 1)[1]
        named.add(name)
        if not screenshot.findtext("caption"):
            yield f"{name} has no caption"
        if not image.text.startswith(root.findtext("url[@type='homepage']")) or not image.text.endswith(f"/data/screenshots/{name}"):
            yield f"{image.text} is not in our repository"
        if not (folder / name).exists():
            yield f"{name} is not in {folder}"
            continue
        head = (folder / name).read_bytes()[:24]
        size = tuple(int.from_bytes(head[at:at + 4]) for at in (16, 20))
        if head[:8] != b"\x89PNG\r\n\x1a\n" or size != (int(image.get("width")), int(image.get("height"))):
            yield f"{name} is no PNG of {image.get('width')}×{image.get('height')} but {size}"
    if len(named) < 3:
        yield f"there are only {len(named)}"
    for name in re.findall(r"data/screenshots/([\w.-]+)", (SOURCE / "README.md").read_text()):
        named.add(name)
        if not (folder / name).exists():
            yield f"README.md shows {name}, which is not there"
    for path in folder.glob("*"):
        if path.name not in named:
            yield f"{path.name} is shown nowhere"


def metainfo_limits():
    """What software centres want besides: lengths, colours, a rating, a release with words."""
    root = ElementTree.parse(SOURCE / "data" / f"{ID}.metainfo.xml.in").getroot()
    if len(root.findtext("name")) > 15:
        yield "the name is longer than 15 characters"
    if not 10 <= len(root.findtext("summary")) <= 35:
        yield f"the summary has {len(root.findtext('summary'))} characters, not 10 to 35"
    if len(root.findall("branding/color")) != 2:
        yield "there are not two brand colours"
    if root.find("content_rating") is None:
        yield "there is no content rating"
    for release in root.iter("release"):
        if release.find("description") is None:
            yield f"release {release.get('version')} has no description"


def icons():
    """Names ending in -symbolic, in templates and code: the program's own or adwaita-icon-theme's."""
    own = {path.stem for path in (SOURCE / "data" / "icons" / "symbolic").glob("*.svg")}
    listed = (SOURCE / "ui" / "sotto.gresource.xml").read_text()
    for name in own:
        if f"{name}.svg" not in listed:
            yield f"{name} is not in ui/sotto.gresource.xml"
    theme = pathlib.Path("/usr/share/icons/Adwaita/symbolic")
    if not theme.is_dir():
        yield "SKIP adwaita-icon-theme is not installed"
        return
    there = own | {path.stem for path in theme.rglob("*.svg")}
    # GTK carries these itself.
    there |= {"open-menu-symbolic", "view-more-symbolic"}
    for path in sorted((SOURCE / "ui").rglob("*")):
        if path.suffix in (".c", ".ui"):
            for name in set(re.findall(r"[\">]([a-z-]+-symbolic)[\"<]", path.read_text())) - there:
                yield f"{path.name} names {name}, which no theme has"


def motion():
    """What moves are GTK's and libadwaita's transitions, which stand still where animations are switched off: nothing says
    that it moves all the same."""
    for path in sorted((SOURCE / "ui").rglob("*")):
        if path.suffix in (".c", ".ui") and re.search(r"follow.enable.animations.setting|gtk.enable.animations", path.read_text()):
            yield f"{path.name} meddles with whether things move"
    for path in sorted((SOURCE / "data").glob("*.css")):
        if re.search(r"@keyframes|^\s*animation", path.read_text(), re.M):
            yield f"{path.name} has an animation that does not end"


def icons_of_application():
    for path in (f"scalable/apps/{ID}.svg", f"symbolic/apps/{ID}-symbolic.svg"):
        full = SOURCE / "data" / "icons" / "hicolor" / path
        if not full.exists():
            yield f"{full} is missing"
        elif ElementTree.parse(full).getroot().get("viewBox") is None:
            yield f"{full} has no viewBox"


def main():
    tests = (desktop_file, metainfo, metainfo_of_extensions, metainfo_limits, screenshots, icons, icons_of_application, motion)
    print("TAP version 14")
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        said = list(test())
        skips = [line for line in said if line.startswith("SKIP")]
        broken = [line for line in said if not line.startswith("SKIP")]
        for line in broken:
            print(f"# {line}")
        ending = f" # {skips[0]}" if skips and not broken else ""
        print(f"{'not ok' if broken else 'ok'} {number} - {test.__name__.replace('_', ' ')}{ending}")


if __name__ == "__main__":
    main()
