"""The promise tests can fail: faults are planted in a copy of the tree, and each must be found."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from promise import ROOT, files

HERE = pathlib.Path(__file__).parent


def translation(language, messages):
    return (f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            + messages)


# Script -> [(file in the copy, what to add to it, what the script must say about it)]
FAULTS = {
    "includes": [
        ("engine/planted.c", '#include "sotto-history.h"\n', "engine does not reach history"),
        ("history/planted.c", '#include <sotto-engine.h>\n', "history does not reach engine"),
        ("app/planted.c", '#include "sotto-ui.h"\n', "app does not reach ui"),
        ("ui/planted.c", '#include "sotto-history.h"\n', "ui does not reach history"),
        ("app/planted.c", '#include "secret-of-engine.h"\n', "private to another folder"),
        ("engine/deep/secret-of-engine.h", "/* private */\n", "secret-of-engine.h"),
        ("ui/planted.c", '#include "../app/app.h"\n', "ui/planted.c includes ../app/app.h"),
        ("ui/planted.c", '#include "engine/backend.h"\n', "ui/planted.c includes engine/backend.h"),
        ("ui/planted.c", '#include "nowhere.h"\n', '"nowhere.h", which is not there'),
        ("engine/planted.c", "#include <gio/gio.h>\n", "engine may not use gio"),
        ("engine/planted.c", "# include <glib-object.h>\n", "engine may not use gobject"),
        ("app/planted.c", "#include <gtk/gtk.h>\n", "app may not use gtk"),
        ("app/planted-2.c", "#include <poppler.h>\n", "app may not use poppler"),
        ("app/pdf/planted.c", "#include <gio/gio.h>\n", "app may not use gio"),
        ("app/office/planted.c", "#include <libxml/parser.h>\n", "app may not use other"),
        ("history/planted.c", "#include <netdb.h>\n", "history may not use network"),
        ("ui/planted.c", "#include <sqlite3.h>\n", "ui may not use sqlcipher"),
        ("app/planted.c", "#include <sys/socket.h>\n", "app/planted.c includes <sys/socket.h>"),
        ("tests/app/planted.c", '#include "../../app/app.c"\n', "includes ../../app/app.c"),
    ],
    "strings": [
        ("ui/planted.ui", '<interface><object><property name="label">Bare</property></object>'
         '</interface>', '"Bare" is not translatable'),
        ("ui/planted-2.ui", '<interface><menu><attribute name="label" translatable="no">Menu'
         '</attribute></menu></interface>', '"Menu" is not translatable'),
        ("ui/planted-3.c", 'x = gtk_label_new ("Shown (as it is)");\n', 'gtk_label_new shows "Shown'),
        ("ui/planted-3.c", 'adw_toast_new (n ? _("fine") : "not fine");\n', 'shows "not fine"'),
        ("ui/planted-3.c", 'f (GTK_ACCESSIBLE_PROPERTY_LABEL, "Bare name", -1);\n',
         'accessible name "Bare name"'),
        ("ui/planted-4.c", 's = _("Marked");\n', "ui/planted-4.c has strings"),
        ("po/POTFILES.in", "app/gone.c\n", "names app/gone.c, which is not there"),
        ("data/planted.desktop.in", "[Desktop Entry]\nName=Planted\n", "data/planted.desktop.in has strings"),
        ("data/planted.gschema.xml", "<schemalist/>\n", "data/planted.gschema.xml has strings"),
    ],
    "translations": [
        ("po/LINGUAS", "xx\n", "po/xx.po do not agree"),
        ("po/yy.po", 'msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"\n', "po/yy.po: "),
        (None, "", "the desktop file cannot be translated"),
        ("po/zz.po", translation("yy", '#, fuzzy\nmsgid "Today"\nmsgstr "T"\n'
                                 'msgid "Sotto"\nmsgstr "Sotto"\n'
                                 'msgid "%s used"\nmsgstr "used"\n'
                                 'msgid "_Quit"\nmsgstr "Quit"\n'
                                 'msgid "Writing…"\nmsgstr "Writing"\n'
                                 'msgid "%OB %Y"\nmsgstr "%Y"\n'
                                 'msgid "Copied"\nmsgstr "<b>Copied</b>"\n'
                                 'msgid "Code"\nmsgstr "\\"Code\\""\n'), "po/zz.po lacks “Today”"),
        (None, "", "po/zz.po lacks “Yesterday”"),
        (None, "", "po/zz.po: what is filled in in “%s used”"),
        (None, "", "po/zz.po: the mnemonic in “_Quit”"),
        (None, "", "po/zz.po: the ellipsis in “Writing…”"),
        (None, "", "po/zz.po: what is filled in in “%OB %Y”"),
        (None, "", "po/zz.po: markup in “Copied”"),
        (None, "", 'po/zz.po: " in “"Code"”'),
        (None, "", "po/zz.po does not say that it is zz"),
        (None, "", "po/zz.po says neither"),
    ],
    "tree": [
        ("stray.txt", "x\n", "stray.txt does not belong at the top"),
        ("engine/planted.h", "/* */\n", "engine/planted.h is named in no README"),
        ("engine/README.md", "\n`gone-away.c`\n", "engine/README.md names gone-away.c"),
        ("engine/too-long.c", "int x;\n" * 900, "engine/too-long.c has 900 lines"),
        ("data/planted.md", "fetch it from " + "deb.debian" + ".org\n", "data/planted.md names"),
        ("tests/engine/test-planted.c", "\n", "tests/engine/test-planted.c is not in"),
        ("tests/fuzz/fuzz-planted.c", "\n", "tests/fuzz/fuzz-planted.c is not in"),
        ("data/planted.sh", "#!/bin/sh\n", "data/planted.sh: executable and"),
    ],
    "symbols": [
        ("engine/planted.c", "int connect (void); int printf (const char *, ...); void exit (int);\n"
         "int g_object_ref (void);\n"
         "int planted (void) { connect (); printf (\"%d\", 1); exit (g_object_ref ()); }\n",
         "engine: planted.o uses connect"),
        (None, "", "engine: planted.o uses exit: engine never exits"),
        (None, "", "engine: planted.o uses printf: engine never prints"),
        (None, "", "engine: planted.o uses g_object_ref"),
        ("history/planted.c", "int puts (const char *); int planted_2 (void);\n"
         "int planted_2 (void) { return puts (\"x\"); }\n", "history: planted.o uses puts"),
        ("ui/planted.c", "void *g_thread_new (void); int sqlite3_open (void); int planted_3 (void);\n"
         "int planted_3 (void) { return g_thread_new () && sqlite3_open (); }\n",
         "ui: planted.o uses g_thread_new: ui never starts threads"),
        (None, "", "ui: planted.o uses sqlite3_open: ui never runs SQL"),
        ("app/planted.c", "int socket (int, int, int);\n"
         "int main (void) { return socket (2, 1, 0); }\n", "sotto imports socket"),
        ("flatpak/planted.json", '"finish-args": ["--share=network"]\n',
         "flatpak/planted.json asks for more"),
        (None, "", "app has sources, but no library"),
    ],
}


def copy_tree(target):
    for path in files():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target / path)


def plant(target, faults):
    for name, addition, _ in faults:
        if name is None:
            continue
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a") as stream:
            stream.write(addition)


def compile_planted(target):
    """Static libraries of the planted files, and a program that asks for a socket."""
    build = target / "_build"
    compiler = os.environ.get("CC", "cc").split()
    for folder in ("engine", "history", "ui"):
        (build / folder).mkdir(parents=True)
        subprocess.run([*compiler, "-w", "-fno-builtin", "-c", target / folder / "planted.c",
                        "-o", build / folder / "planted.o"], check=True)
        subprocess.run(["ar", "rcs", build / folder / f"lib{folder}.a",
                        build / folder / "planted.o"], check=True)
    (build / "app").mkdir()
    subprocess.run([*compiler, "-w", target / "app/planted.c", "-o", build / "app/sotto"], check=True)


def said(script, target):
    environment = {**os.environ, "SOTTO_BUILD_DIR": str(target / "_build")}
    done = subprocess.run([sys.executable, "-B", HERE / f"test-{script}.py", "--root", target],
                          capture_output=True, text=True, env=environment)
    return done.stdout + done.stderr


def check(script, faults):
    """[(name, whether it is so, what was said instead)]: every fault found, every promise broken."""
    with tempfile.TemporaryDirectory(prefix="sotto-promises-") as folder:
        target = pathlib.Path(folder)
        copy_tree(target)
        plant(target, faults)
        if script == "symbols":
            compile_planted(target)
        output = said(script, target)
    results = [(f"{script}: {sentence}", sentence in output) for _, _, sentence in faults]
    kept = [line for line in output.splitlines() if line.startswith("ok ")]
    results.append((f"{script}: no promise of it is kept by a faulty tree", not kept))
    for line in kept:
        print(f"# kept although a fault was planted: {line}")
    return results


def main():
    results = [result for script, faults in FAULTS.items() for result in check(script, faults)]
    print(f"1..{len(results)}")
    for number, (name, found) in enumerate(results, 1):
        # '#' would begin a directive
        print(f"{'ok' if found else 'not ok'} {number} - {name.replace('#', '')}")


if __name__ == "__main__":
    main()
