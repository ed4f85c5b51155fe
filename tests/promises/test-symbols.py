"""What our object files ask others for: no network anywhere, and what each folder forswears."""
import functools
import re
import subprocess

from promise import BUILD, HOUSE, ROOT, Skip, files_below, main, note, promise, text

NETWORK = re.compile(
    r"socket|socketpair|connect|bind|listen|accept4?|getsockopt|setsockopt|getpeername|"
    r"send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|"
    r"getaddrinfo.*|getnameinfo|gethostby.*|getservby.*|__?res_.*|ns_.*|inet_.*|if_nametoindex|"
    r"SSL_.*|TLS_.*|BIO_.*|gnutls_.*|curl_.*|soup_.*|nghttp.*|"
    r"g_socket_.*|g_tcp_.*|g_udp.*|g_tls_.*|g_dtls_.*|g_resolver_.*|g_proxy_.*|g_inet_.*|"
    r"g_network_.*|g_threaded_resolver.*|g_unix_socket_.*|g_simple_proxy.*")

# Folder -> what it does not do, and how that would show.
FORSWORN = {
    "engine": [
        ("exits", re.compile(r"exit|_exit|_Exit|quick_exit|abort|__assert_fail")),
        ("prints", re.compile(r"stdout|stderr|printf|puts|putchar|vprintf|__v?printf_chk|perror|"
                              r"g_print|g_printerr|g_log|g_logv|g_log_structured.*|g_warn_message")),
        # g_file_test and g_file_read_link are GLib's own.
        ("uses GObject or GIO", re.compile(r"g_(object|type|signal|value|task|main_loop)_.*|"
                                           r"g_file_(?!(test|read_link)$).*")),
    ],
    "history": [
        ("exits", re.compile(r"exit|_exit|_Exit|quick_exit|__assert_fail")),
        ("prints", re.compile(r"stdout|stderr|printf|puts|putchar|__v?printf_chk|perror|g_print|g_printerr")),
    ],
    "ui": [
        ("starts threads", re.compile(r"g_thread_(new|try_new|pool_.*)|pthread_create|"
                                      r"g_task_run_in_thread.*|thrd_create")),
        ("runs SQL", re.compile(r"sqlite3_.*")),
    ],
}
BINARIES = ("app/sotto", "app/office/sotto-office-text", "app/pdf/sotto-pdf-text", "app/picture/sotto-picture", "app/speak/sotto-speak", "engine/sotto-engine")


def nm(*arguments):
    done = subprocess.run(["nm", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@functools.cache
def archives():
    """Folder of the house -> its static libraries (the kernel tiers are libraries of their own)."""
    found = {folder: sorted((BUILD / folder).rglob("lib*.a")) for folder in HOUSE}
    if not any(found.values()):
        raise Skip(f"nothing is built in {BUILD}")
    return found


@functools.cache
def undefined(archive):
    """Member of the archive -> the symbols it asks for."""
    members, member = {}, archive.name
    for line in nm("-A", "--undefined-only", "--format=posix", archive).splitlines():
        place, symbol = line.split()[:2]
        member = place[place.find("[") + 1:].rstrip("]:")
        members.setdefault(member, set()).add(symbol.split("@")[0])
    return members


def offenders(folder, pattern):
    for archive in archives()[folder]:
        for member, symbols in undefined(archive).items():
            for symbol in sorted(symbols):
                if pattern.fullmatch(symbol):
                    yield f"{folder}: {member} uses {symbol}"


@promise("our object files import no network function")
def no_network():
    for folder in HOUSE:
        yield from offenders(folder, NETWORK)


@promise("our binaries import no network function and link to no network library")
def binaries():
    there = [BUILD / name for name in BINARIES if (BUILD / name).exists()]
    if not there:
        raise Skip(f"neither {' nor '.join(BINARIES)} is built in {BUILD}")
    for binary in there:
        for line in nm("-D", "--undefined-only", "--format=posix", binary).splitlines():
            symbol = line.split()[0].split("@")[0]
            if NETWORK.fullmatch(symbol):
                yield f"{binary.name} imports {symbol}"
        headers = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True,
                                 check=True).stdout
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", headers):
            if re.match(r"lib(soup|curl|ssl|gnutls|nghttp|webkit|nss_|resolv|avahi|ldap)", library):
                yield f"{binary.name} links to {library}"


@promise("every library in the house was looked at")
def all_there():
    for folder in HOUSE:
        if any(path.suffix == ".c" for path in files_below(folder)) and not archives()[folder]:
            yield f"{folder} has sources, but no library in {BUILD / folder}"


# What a sandbox may be opened for: a window, a GPU, and the socket of the voice that reads aloud.
GRANTED = {"--share=ipc", "--socket=fallback-x11", "--socket=wayland", "--device=dri", "--filesystem=xdg-run/speech-dispatcher:ro"}


@promise("the Flatpak manifests ask for a window, a GPU and a voice, and for nothing else")
def manifest():
    manifests = files_below("flatpak", ends=(".json", ".yml", ".yaml"))
    if not manifests:
        raise Skip("there is no manifest in flatpak/ yet")
    for path in manifests:
        asked = set(re.findall(r"--(?:share|socket|device|filesystem|allow|persist|[a-z-]*talk-name|[a-z-]*own-name|"
                               r"add-policy|metadata|usb)=[^\s\"',\]]+", text(path) or ""))
        for more in sorted(asked - GRANTED):
            yield f"{path} asks for more than it may: {more}"
        for source in re.findall(r"^ *(?:- )?(?:type: (?:archive|file|git)\n(?: +.*\n)+)", text(path) or "", re.M):
            if "url:" in source and "sha256:" not in source:
                yield f"{path}: a source without a hash: {source.strip()}"


def forsworn(folder):
    for what, pattern in FORSWORN[folder]:
        for line in offenders(folder, pattern):
            yield f"{line}: {folder} never {what}"


@promise("the engine does not exit, print or use GObject")
def engine():
    yield from forsworn("engine")


@promise("history does not exit or print")
def history():
    yield from forsworn("history")


@promise("ui starts no threads and runs no SQL")
def ui():
    yield from forsworn("ui")


if __name__ == "__main__":
    main()
    note(f"looked at {BUILD}, built from {ROOT}")
