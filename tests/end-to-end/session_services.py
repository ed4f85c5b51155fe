"""What a desktop offers its programs, as far as Sotto asks for it: notifications and staying awake.

Run as a program it answers on the session bus and writes down, a line of JSON each, what it was asked.
"""
import json
import subprocess
import sys
import time

XML = """<node>
  <interface name="org.gtk.Notifications">
    <method name="AddNotification"><arg type="s"/><arg type="s"/><arg type="a{sv}"/></method>
    <method name="RemoveNotification"><arg type="s"/><arg type="s"/></method>
  </interface>
  <interface name="org.gnome.SessionManager">
    <method name="Inhibit">
      <arg type="s"/><arg type="u"/><arg type="s"/><arg type="u"/><arg type="u" direction="out"/>
    </method>
    <method name="Uninhibit"><arg type="u"/></method>
  </interface>
  <interface name="org.freedesktop.Notifications">
    <method name="Notify">
      <arg type="s"/><arg type="u"/><arg type="s"/><arg type="s"/><arg type="s"/><arg type="as"/><arg type="a{sv}"/>
      <arg type="i"/><arg type="u" direction="out"/>
    </method>
    <method name="CloseNotification"><arg type="u"/></method>
    <method name="GetCapabilities"><arg type="as" direction="out"/></method>
    <method name="GetServerInformation">
      <arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/>
      <arg type="s" direction="out"/>
    </method>
    <method name="Press"><arg type="u"/><arg type="s"/></method>
    <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
  </interface>
  <interface name="org.gnome.ScreenSaver">
    <method name="GetActive"><arg type="b" direction="out"/></method>
  </interface>
</node>"""
FREEDESKTOP = "org.freedesktop.Notifications"
PATHS = {"org.gtk.Notifications": "/org/gtk/Notifications",
         "org.gnome.SessionManager": "/org/gnome/SessionManager",
         # The same for portals; Press is our own, and stands for a person's hand.
         FREEDESKTOP: "/org/freedesktop/Notifications",
         # Portals go to the session manager only where this is, too.
         "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver"}
ANSWERS = {"Inhibit": ("(u)", (7,)), "GetActive": ("(b)", (False,)), "Notify": ("(u)", (11,)),
           "GetCapabilities": ("(as)", (["actions", "body"],)),
           "GetServerInformation": ("(ssss)", ("test", "Sotto", "1", "1.2"))}


class Services:
    """They run until close(); calls() are those so far: [("Inhibit", [arguments…]), …]"""

    def __init__(self, log):
        self.log = log
        self.process = subprocess.Popen([sys.executable, __file__, str(log)], stdout=subprocess.PIPE)
        self.process.stdout.readline()      # they are there

    def calls(self, method=None):
        found = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [arguments for name, arguments in found if method in (None, name)]

    def close(self):
        self.process.terminate()
        self.process.wait()


class Shell:
    """What the shell asks of a program on the bus."""

    NAME = "io.github.sotto_chat.Sotto"
    PATH = "/io/github/sotto_chat/Sotto"

    def __init__(self):
        from gi.repository import Gio, GLib
        self.gio, self.glib = Gio, GLib
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def call(self, path, interface, method, signature, *arguments):
        # Nothing is started by what is asked here.
        answer = self.bus.call_sync(self.NAME, path, interface, method, self.glib.Variant(signature, arguments), None,
                                    self.gio.DBusCallFlags.NO_AUTO_START, 20000, None)
        return answer.unpack()

    def search(self, method, signature, *arguments):
        return self.call(f"{self.PATH}/SearchProvider", "org.gnome.Shell.SearchProvider2", method, signature, *arguments)

    def find(self, *terms):
        return self.search("GetInitialResultSet", "(as)", list(terms))[0]

    def activate(self):
        self.call(self.PATH, "org.freedesktop.Application", "Activate", "(a{sv})", {})

    def action(self, name, target):
        self.call(self.PATH, "org.freedesktop.Application", "ActivateAction", "(sava{sv})", name,
                  [self.glib.Variant("s", target)], {})

    def press(self, *action):
        """Chooses an action of a notification that was shown: its number, the action's name."""
        self.bus.call_sync(FREEDESKTOP, PATHS[FREEDESKTOP], FREEDESKTOP, "Press", self.glib.Variant("(us)", action), None,
                           0, 20000, None)

    def is_owned(self, name):
        return self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                                  self.glib.Variant("(s)", (name,)), None, 0, 5000, None).unpack()[0]

    def wait_owned(self, seconds=30):
        end = time.monotonic() + seconds
        while not self.is_owned(self.NAME):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.NAME} is not on the bus after {seconds} s")
            time.sleep(0.02)


def main():
    from gi.repository import Gio, GLib
    loop = GLib.MainLoop()
    waiting = set(PATHS)

    def on_call(connection, sender, path, interface, method, parameters, invocation):
        with open(sys.argv[1], "a", encoding="utf-8") as log:
            log.write(json.dumps([method, parameters.unpack()]) + "\n")
        if method == "Press":
            connection.emit_signal(None, path, interface, "ActionInvoked", parameters)
        invocation.return_value(GLib.Variant(*ANSWERS[method]) if method in ANSWERS else None)

    def on_bus(connection, name):
        info = Gio.DBusNodeInfo.new_for_xml(XML).lookup_interface(name)
        connection.register_object(PATHS[name], info, on_call, None, None)

    def on_name(connection, name):
        waiting.discard(name)
        if not waiting:
            print("ready", flush=True)

    open(sys.argv[1], "w", encoding="utf-8").close()
    for name in PATHS:
        Gio.bus_own_name(Gio.BusType.SESSION, name, Gio.BusNameOwnerFlags.NONE, on_bus, on_name, None)
    loop.run()


if __name__ == "__main__":
    main()
