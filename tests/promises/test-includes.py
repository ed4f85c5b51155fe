"""Which way the arrows point: ui -> app -> engine and history, read off the #include lines."""
import functools
import pathlib
import re

from promise import HOUSE, files_below, main, promise, text

INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|import)[ \t]*([<"])([^>"]+)[>"]', re.M)
GENERATED = {"config.h", "sotto-build.h", "sotto-resources.h"}
UMBRELLA = {"engine": "sotto-engine.h", "history": "sotto-history.h",
            "app": "sotto-app.h", "ui": "sotto-ui.h"}

# Folder -> the other folders whose umbrella it may include.
ARROWS = {"engine": set(), "history": set(), "app": {"engine", "history"}, "ui": {"app"}}
# The one exception: main.c joins ui to app.
EXCEPTIONS = {pathlib.PurePath("app/main.c"): {"engine", "history", "ui"}}

# Which library a <header> belongs to. What matches none is the C library's or the compiler's.
LIBRARIES = {
    "gobject": r"glib-object\.h|gobject/.*",
    "gio": r"gio/.*",
    "glib": r"glib\.h|glib/.*|glib-unix\.h",
    "yyjson": r"yyjson\.h",
    "blas": r"cblas.*|openblas.*",
    "sqlcipher": r"sqlite3.*|sqlcipher/.*",
    "libsecret": r"libsecret/.*",
    "sodium": r"sodium.*",
    "seccomp": r"seccomp\.h",
    "gtk": r"gtk/.*|gdk/.*|gsk/.*|graphene.*|pango/.*|cairo.*|gdk-pixbuf/.*",
    "adwaita": r"adwaita\.h",
    "gtksourceview": r"gtksourceview/.*",
    "cmark": r"cmark.*",
    "spelling": r"libspelling\.h",
    "network": r"netinet/.*|arpa/.*|netdb\.h|resolv\.h|net/.*|libsoup/.*|curl/.*|openssl/.*"
               r"|gnutls/.*|nghttp2/.*|gio/gnetworking\.h",
    "poppler": r"poppler.*",
    "zlib": r"zlib\.h",
    "gmp": r"gmp\.h",
    "speechd": r"(speech-dispatcher/)?(libspeechd|speechd_types)\.h",
    "other": r"gmodule\.h|json-glib/.*|libxml/.*|avahi.*|webkit.*|gst/.*",
}
MAY_USE = {
    "engine": {"glib", "yyjson", "blas"},
    "history": {"glib", "gobject", "gio", "sqlcipher", "libsecret", "sodium"},
    "app": {"glib", "gobject", "gio", "yyjson", "cmark"},
    "ui": {"glib", "gobject", "gio", "gtk", "adwaita", "gtksourceview", "cmark", "spelling"},
}
# A program of its own, whose folder goes by other rules
MAY_USE_THERE = {"app/office": {"glib", "zlib"}, "app/pdf": {"glib", "poppler"}, "app/reader": {"glib"},
                 "app/speak": {"glib", "speechd"}, "app/tools": {"glib", "gobject", "gio", "yyjson", "gmp"}}


def sources(*folders):
    return files_below(*folders, ends=(".c", ".h", ".cu", ".cuh", ".inc"))


def includes(path):
    return INCLUDE.findall(text(path) or "")


def owner(name):
    """The folder whose umbrella header this is."""
    for folder, umbrella in UMBRELLA.items():
        if name == umbrella:
            return folder
    return None


@functools.cache
def known(folder):
    return set(sources(folder))


def own_file(path, name):
    """Whether `name`, included by `path`, is a file of the same folder of the house."""
    folder = path.parts[0]
    return (pathlib.PurePath(path.parent, name) in known(folder)
            or pathlib.PurePath(folder, name) in known(folder))


@promise("only umbrella headers cross a folder's border, and only along the arrows")
def arrows():
    ours = {path.name for path in sources(*HOUSE)}
    for path in sources(*HOUSE):
        folder = path.parts[0]
        allowed = EXCEPTIONS.get(path, ARROWS[folder])
        for mark, name in includes(path):
            to = owner(name)
            if to and to != folder:
                if to not in allowed:
                    yield f"{path} includes {name}: {folder} does not reach {to}"
            elif (mark == '"' or "/" not in name) and pathlib.PurePath(name).name in ours \
                    and not own_file(path, name):
                yield f"{path} includes {name}, which is private to another folder"


@promise("no include climbs out of its folder or names a folder of the house")
def spelling():
    for path in sources(*HOUSE):
        for _, name in includes(path):
            parts = pathlib.PurePath(name).parts
            if ".." in parts or (parts[0] in HOUSE and len(parts) > 1):
                yield f"{path} includes {name}"


@promise("a quoted include is a file of ours")
def quoted():
    for path in sources(*HOUSE):
        for mark, name in includes(path):
            if mark == '"' and name not in GENERATED and not owner(name) \
                    and not own_file(path, name):
                yield f"{path} includes \"{name}\", which is not there"


@promise("each folder uses the libraries it is built with and no other")
def libraries():
    for path in sources(*HOUSE):
        for mark, name in includes(path):
            if mark != "<":
                continue
            # The most particular pattern wins: network stands after gio.
            found = [library for library, pattern in LIBRARIES.items()
                     if re.fullmatch(pattern, name)]
            if found and found[-1] not in MAY_USE_THERE.get(str(path.parent), MAY_USE[path.parts[0]]):
                yield f"{path} includes <{name}>: {path.parts[0]} may not use {found[-1]}"


@promise("socket headers stand in the guard alone")
def sockets():
    for path in sources(*HOUSE):
        for _, name in includes(path):
            if name in ("sys/socket.h", "sys/un.h", "linux/socket.h") \
                    and path != pathlib.PurePath("app/guard.c"):
                yield f"{path} includes <{name}>"


@promise("no .c file is included")
def no_sources():
    for path in sources(*HOUSE, "tests"):
        for _, name in includes(path):
            if name.endswith(".c"):
                yield f"{path} includes {name}"


if __name__ == "__main__":
    main()
