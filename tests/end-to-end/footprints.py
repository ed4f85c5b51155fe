"""What a run of Sotto leaves behind: the sockets in a trace of strace, texts in files of the disk."""
import collections
import os
import pathlib
import re

BLOCK = 1 << 20


class Trace:
    """What `strace -f -e trace=network -o FILE` wrote: a line a call, the process before it."""

    # Each call that makes a socket names its family first; an address names it as well. A call that a
    # guard refused counts too: nothing of ours or below us is to try.
    SOCKET = re.compile(r"\b(?:socket|socketpair)\(([A-Z0-9_x]+)")
    ADDRESS = re.compile(r"\bsa_family=([A-Z0-9_x]+)")

    def __init__(self, files):
        self.families = collections.Counter()
        self.foreign = []
        self.calls = 0
        for file in files:
            for line in pathlib.Path(file).read_text(errors="replace").splitlines():
                if "socket" not in line and "sa_family" not in line:
                    self.calls += "(" in line
                    continue
                made = self.SOCKET.search(line)
                named = [made.group(1)] if made else []
                named += self.ADDRESS.findall(line) if not made else []
                self.calls += "(" in line
                self.families.update(named)
                if any(family not in ("AF_UNIX", "AF_LOCAL", "AF_UNSPEC") for family in named):
                    self.foreign.append(line)


def has_ended(trace):
    """Whether strace has written its last line: that the first process, which it names first, ended."""
    lines = trace.read_text(errors="replace").splitlines()
    if not lines:
        return False
    first = lines[0].split()[0]
    return any(re.match(rf"{first} +\+\+\+ (exited|killed)", line) for line in reversed(lines))


def list_files(folders):
    """All plain files below the folders; not what links lead to (the models), nor what has gone since."""
    found = []
    for folder in folders:
        for place, _, names in os.walk(folder):
            found += [pathlib.Path(place) / name for name in names]
    return [file for file in found if file.is_file() and not file.is_symlink()]


def search(folders, texts):
    """A sentence for each file that holds one of the texts, or has it in its name."""
    wanted = [(text, text.encode(encoding)) for text in texts
              for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    expression = re.compile(b"|".join(re.escape(form) for _, form in wanted))
    longest = max(len(form) for _, form in wanted)
    found = []
    for file in list_files(folders):
        if any(text in file.name for text in texts):
            found.append(f"{file} has it in its name")
        elif hit := search_file(file, expression, longest):
            found.append(f"{file} holds {hit!r}")
    return found


def search_file(file, expression, longest):
    tail = b""
    try:
        with open(file, "rb") as stream:
            while block := stream.read(BLOCK):
                if hit := expression.search(tail + block):
                    return hit.group()
                tail = (tail + block)[-longest:]
    except FileNotFoundError:
        pass
    return None


def pieces(text, length=24):
    """Stretches of what a model said, long enough to stand nowhere by chance."""
    lines = [line.strip() for line in text.splitlines()]
    return [line[at:at + length] for line in lines for at in range(0, len(line) - length + 1, length)]
