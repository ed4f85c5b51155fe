"""A desktop that gives keys: the backend org.freedesktop.impl.portal.GlobalShortcuts, which GNOME and KDE have and the portals'
own GTK backend has not.

Behind the real xdg-desktop-portal it answers as it is told, and writes down, a line of JSON each, what it was asked.
"""
import json
import os
import pathlib
import subprocess
import sys

NAME = "org.freedesktop.impl.portal.desktop.sotto_test"
INTERFACE = "org.freedesktop.impl.portal.GlobalShortcuts"
PATH = "/org/freedesktop/portal/desktop"
SESSION = "org.freedesktop.impl.portal.Session"
# Ours: stands for a person's hand.
PERSON = "io.github.sotto_chat.Test"
XML = f"""<node>
  <interface name="{INTERFACE}">
    <method name="CreateSession">
      <arg type="o" direction="in"/><arg type="o" direction="in"/><arg type="s" direction="in"/>
      <arg type="a{{sv}}" direction="in"/><arg type="u" direction="out"/><arg type="a{{sv}}" direction="out"/>
    </method>
    <method name="BindShortcuts">
      <arg type="o" direction="in"/><arg type="o" direction="in"/><arg type="a(sa{{sv}})" direction="in"/>
      <arg type="s" direction="in"/><arg type="a{{sv}}" direction="in"/><arg type="u" direction="out"/>
      <arg type="a{{sv}}" direction="out"/>
    </method>
    <method name="ListShortcuts">
      <arg type="o" direction="in"/><arg type="o" direction="in"/><arg type="u" direction="out"/>
      <arg type="a{{sv}}" direction="out"/>
    </method>
    <signal name="Activated"><arg type="o"/><arg type="s"/><arg type="t"/><arg type="a{{sv}}"/></signal>
    <property name="version" type="u" access="read"/>
  </interface>
  <interface name="{SESSION}">
    <method name="Close"/>
    <property name="version" type="u" access="read"/>
  </interface>
  <interface name="{PERSON}">
    <method name="Press"><arg type="s"/></method>
    <method name="Answer"><arg type="u"/></method>
  </interface>
</node>"""


def install():
    """Names it for the portal, which has not been started yet: the line that portals.conf has to have."""
    folder = pathlib.Path(os.environ["XDG_DATA_HOME"]) / "xdg-desktop-portal/portals"
    folder.mkdir(parents=True)
    (folder / "sotto_test.portal").write_text(f"[portal]\nDBusName={NAME}\nInterfaces={INTERFACE};\n")
    return f"{INTERFACE}=sotto_test\n"


class Backend:
    """It runs until close(); calls() are those so far: [[arguments…], …]"""

    def __init__(self, log):
        from gi.repository import Gio, GLib
        self.glib = GLib
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        self.log = log
        self.process = subprocess.Popen([sys.executable, __file__, str(log)], stdout=subprocess.PIPE)
        self.process.stdout.readline()      # it is there

    def calls(self, method):
        found = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [arguments for name, arguments in found if name == method]

    def tell(self, method, signature, argument):
        self.bus.call_sync(NAME, PATH, PERSON, method, self.glib.Variant(signature, (argument,)), None, 0, 20000, None)

    def press(self, shortcut):
        """Somebody presses the key of that shortcut."""
        self.tell("Press", "(s)", shortcut)

    def answer(self, response):
        """What is asked for from now on gets this answer: 0 is yes, 1 is no."""
        self.tell("Answer", "(u)", response)

    def close(self):
        self.process.terminate()
        self.process.wait()


def main():
    from gi.repository import Gio, GLib
    info = Gio.DBusNodeInfo.new_for_xml(XML)
    state = {"session": None, "object": 0, "answer": 0}

    def on_call(connection, sender, path, interface, method, parameters, invocation):
        arguments = parameters.unpack()
        with open(sys.argv[1], "a", encoding="utf-8") as log:
            log.write(json.dumps([method, arguments]) + "\n")
        if method == "CreateSession":
            state["session"] = arguments[1]
            state["object"] = export(connection, arguments[1], SESSION)
            invocation.return_value(GLib.Variant("(ua{sv})", (0, {})))
        elif method == "BindShortcuts":
            taken = [(name, {"description": GLib.Variant("s", details["description"]),
                             "trigger_description": GLib.Variant("s", "Super+Alt+S")}) for name, details in arguments[2]]
            results = {"shortcuts": GLib.Variant("a(sa{sv})", taken)} if state["answer"] == 0 else {}
            invocation.return_value(GLib.Variant("(ua{sv})", (state["answer"], results)))
        elif method == "Close":
            connection.unregister_object(state["object"])
            invocation.return_value(None)
        elif method == "Answer":
            state["answer"] = arguments[0]
            invocation.return_value(None)
        else:
            connection.emit_signal(None, PATH, INTERFACE, "Activated",
                                   GLib.Variant("(osta{sv})", (state["session"], arguments[0], 0, {})))
            invocation.return_value(None)

    def export(connection, path, name):
        return connection.register_object(path, info.lookup_interface(name), on_call, lambda *_: GLib.Variant("u", 1), None)

    def on_bus(connection, name):
        export(connection, PATH, INTERFACE)
        export(connection, PATH, PERSON)

    open(sys.argv[1], "w", encoding="utf-8").close()
    Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, on_bus, lambda *_: print("ready", flush=True), None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
