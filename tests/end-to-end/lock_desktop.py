"""What a desktop says of its screen and of suspending: a portal on the session bus and login1 on what is the system's bus here.

Run as a program it answers on the bus, prints what it is asked, and says what it is told to on its standard input:
"screen 1", "screen 0", "hint 1", "sleep 1", "sleep 0".
"""
import os
import subprocess
import sys

SESSION = "/org/freedesktop/login1/session/_31"
MONITOR = "/org/freedesktop/portal/desktop/session/1_1/sotto_monitor"
XML = """<node>
  <interface name="org.freedesktop.portal.Inhibit">
    <method name="CreateMonitor"><arg type="s"/><arg type="a{sv}"/><arg type="o" direction="out"/></method>
  </interface>
  <interface name="org.freedesktop.login1.Manager">
    <method name="GetSession"><arg type="s"/><arg type="o" direction="out"/></method>
    <method name="Inhibit">
      <arg type="s"/><arg type="s"/><arg type="s"/><arg type="s"/><arg type="h" direction="out"/>
    </method>
  </interface>
</node>"""
OBJECTS = [("org.freedesktop.portal.Inhibit", "/org/freedesktop/portal/desktop"),
           ("org.freedesktop.login1.Manager", "/org/freedesktop/login1")]
NAMES = ["org.freedesktop.portal.Desktop", "org.freedesktop.login1"]


class Desktop:
    """It runs until close(). lines: what it has printed so far"""

    def __init__(self):
        # What Sotto takes for the system's bus is the one that we have.
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = os.environ["DBUS_SESSION_BUS_ADDRESS"]
        self.log = open(os.path.join(os.environ["TMPDIR"], "lock-desktop.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=self.log, text=True)

    def lines(self):
        self.log.seek(0)
        return self.log.read().splitlines()

    def say(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.terminate()
        self.process.wait()


def main():
    from gi.repository import Gio, GLib
    loop = GLib.MainLoop()
    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def on_call(connection, sender, path, interface, method, parameters, invocation):
        print(method, *parameters.unpack()[:1], flush=True)
        if method == "Inhibit":
            reader, writer = os.pipe()
            descriptors = Gio.UnixFDList.new()
            descriptors.append(writer)
            os.close(writer)
            invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), descriptors)
            # The last writer is gone: nothing keeps the computer awake.
            GLib.io_add_watch(reader, GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, on_released)
        else:
            invocation.return_value(GLib.Variant("(o)", (SESSION if method == "GetSession" else MONITOR,)))

    def on_released(reader, condition):
        print("released", flush=True)
        os.close(reader)
        return False

    def emit(path, interface, signal, arguments):
        bus.emit_signal(None, path, interface, signal, arguments)

    def on_word(stream, condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        what, value = line.split()
        on = value == "1"
        if what == "screen":
            emit(OBJECTS[0][1], OBJECTS[0][0], "StateChanged",
                 GLib.Variant("(oa{sv})", (MONITOR, {"screensaver-active": GLib.Variant("b", on)})))
        elif what == "sleep":
            emit(OBJECTS[1][1], OBJECTS[1][0], "PrepareForSleep", GLib.Variant("(b)", (on,)))
        else:
            emit(SESSION, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                 GLib.Variant("(sa{sv}as)", ("org.freedesktop.login1.Session", {"LockedHint": GLib.Variant("b", on)}, [])))
        return True

    info = Gio.DBusNodeInfo.new_for_xml(XML)
    for interface, path in OBJECTS:
        bus.register_object(path, info.lookup_interface(interface), on_call, None, None)
    for name in NAMES:
        Gio.bus_own_name_on_connection(bus, name, 0, None, None)
    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, on_word)
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
