"""What is on the screen, as AT-SPI tells it to a screen reader: things with a role and a name, and things in them.

A window is some hundreds of things and is looked at again and again. libatspi asks for one answer after the other; here whatever
is asked of many things is asked of all of them at once, and what a program can say of all it has (org.a11y.atspi.Cache) is asked
for in one go. Which thing lies in which is always asked of the things themselves: what is remembered of that may be old.
"""
import functools
import re

import gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

ACCESSIBLE = "org.a11y.atspi.Accessible"
ACTION = "org.a11y.atspi.Action"
CACHE = "org.a11y.atspi.Cache"
COMPONENT = "org.a11y.atspi.Component"
EDITABLE = "org.a11y.atspi.EditableText"
TEXT = "org.a11y.atspi.Text"
PROPERTIES = "org.freedesktop.DBus.Properties"
REGISTRY = "org.a11y.atspi.Registry"
BUS = "org.freedesktop.DBus"
WINDOW_COORDINATES = 1
# A program that starts, and two busy cores, are slow to answer.
MILLISECONDS = 15000


class Failed(Exception):
    """Something did not happen, or something else did."""


@functools.cache
def bus():
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, MILLISECONDS, None)
    return Gio.DBusConnection.new_for_address_sync(
        address.unpack()[0],
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


def ask(reference, interface, method, arguments=None):
    """What a thing answers: a tuple."""
    return bus().call_sync(*reference, interface, method, arguments, None, 0, MILLISECONDS, None).unpack()


def ask_all(questions):
    """The same of many at once. Of what has gone meanwhile the answer is None."""
    answers = [None] * len(questions)
    errors = []
    waiting = len(questions)
    context = GLib.MainContext.new()

    def on_answer(connection, result, index):
        nonlocal waiting
        waiting -= 1
        try:
            answers[index] = connection.call_finish(result).unpack()
        except GLib.Error as error:
            if not has_gone(error):
                errors.append(error)
    context.push_thread_default()
    try:
        for index, (reference, *question) in enumerate(questions):
            interface, method, arguments = question
            bus().call(*reference, interface, method, arguments, None, 0, MILLISECONDS, None, on_answer, index)
        while waiting > 0:
            context.iteration(True)
    finally:
        context.pop_thread_default()
    if errors:
        raise errors[0]
    return answers


def has_gone(error):
    """As rows of the messages do while a reply grows. Of what goes in that very moment no interface is known any more."""
    return "does not exist" in error.message or any(error.matches(Gio.dbus_error_quark(), code) for code in (
        Gio.DBusError.UNKNOWN_OBJECT, Gio.DBusError.UNKNOWN_INTERFACE, Gio.DBusError.UNKNOWN_METHOD))


def listen(event, kind, function):
    """Has function(reference, detail) called by the main context whenever a thing tells of that."""
    bus().signal_subscribe(None, "org.a11y.atspi.Event.Object", event, None, kind, 0,
                           lambda connection, owner, path, interface, name, arguments: function((owner, path), arguments[1]))
    # Nothing is told that nobody has asked the registry for.
    detail = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in event).strip("-")
    ask((REGISTRY, "/org/a11y/atspi/registry"), REGISTRY, "RegisterEvent", GLib.Variant("(sass)", (f"object:{detail}:{kind}", [], "")))


def property_of(interface, name):
    return PROPERTIES, "Get", GLib.Variant("(ss)", (interface, name))


NAME = property_of(ACCESSIBLE, "Name")
COUNT = property_of(ACCESSIBLE, "ChildCount")
LENGTH = property_of(TEXT, "CharacterCount")


@functools.cache
def role_name(number):
    return Atspi.role_get_name(Atspi.Role(number))


@functools.cache
def process_of(owner):
    arguments = GLib.Variant("(s)", (owner,))
    return ask((BUS, "/org/freedesktop/DBus"), BUS, "GetConnectionUnixProcessID", arguments)[0]


def applications():
    """Whatever shows something on this desktop; what it is called has to be asked (title())."""
    found, = ask((REGISTRY, "/org/a11y/atspi/accessible/root"), ACCESSIBLE, "GetChildren")
    return [Node(reference, role="application") for reference in found]


def remembered(owner):
    """What a program says of all that it has: reference → (role, name, interfaces)"""
    try:
        items, = ask((owner, "/org/a11y/atspi/cache"), CACHE, "GetItems")
        return {item[0]: (role_name(item[7]), item[6], item[5]) for item in items if isinstance(item[4], int)}
    except GLib.Error as error:
        # As long as nobody has looked at it, it has nothing to remember.
        if not has_gone(error):
            raise
        return {}


def describe(references, known, parents):
    """Nodes for references; those that are not known are asked, and left out where they have gone."""
    unknown = [reference for reference in references if reference not in known]
    answers = ask_all([(reference, *question) for reference in unknown for question in (
        (ACCESSIBLE, "GetRole", None), NAME, (ACCESSIBLE, "GetInterfaces", None))])
    told = dict(known)
    for at, reference in enumerate(unknown):
        role, name, interfaces = answers[3 * at:3 * at + 3]
        if role is not None and name is not None and interfaces is not None:
            told[reference] = (role_name(role[0]), name[0], interfaces[0])
    return [Node(reference, parent, *told[reference]) for reference, parent in zip(references, parents)
            if reference in told]


def read_below(root):
    """Finds out what lies in a thing, and in that, to the last."""
    known = remembered(root.reference[0])
    level = [root]
    while level:
        for node in level:
            node.found = []
        answers = ask_all([(node.reference, ACCESSIBLE, "GetChildren", None) for node in level])
        pairs = [(reference, node) for node, answer in zip(level, answers) if answer is not None for reference in answer[0]]
        level = describe([reference for reference, _ in pairs], known, [node for _, node in pairs])
        for node in level:
            node.parent.found.append(node)


class Node:
    """One thing on the screen: role, name, and what lies in it, read when it is first looked at."""

    def __init__(self, reference, parent=None, role="", name="", interfaces=()):
        self.reference = reference          # its program's name on the bus, its path there
        self.parent = parent
        self.role = role
        self.name = name
        self.has_text = TEXT in interfaces
        self.found = None                   # what lies in it

    @classmethod
    def at(cls, reference):
        """What an event tells of, and what it lies in; None where it has gone."""
        try:
            above = ask(reference, *property_of(ACCESSIBLE, "Parent"))[0]
            return next(iter(describe([reference], {}, describe([above], {}, [None]) or [None])), None)
        except GLib.Error as error:
            if not has_gone(error):
                raise
            return None

    @property
    def children(self):
        if self.found is None:
            read_below(self)
        return self.found

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def shape(self):
        """What does not differ between two looks at the same."""
        return [(node.reference, node.role, node.name) for node in self.walk()]

    def fits(self, role, name):
        if role is not None and self.role != role:
            return False
        return name is None or (name.search(self.name) is not None if isinstance(name, re.Pattern)
                                else self.name == name)

    def all(self, role=None, name=None):
        """name: the whole of it, or a compiled expression to be found in it"""
        return [node for node in self.walk() if node.fits(role, name)]

    def find(self, role=None, name=None):
        return next((node for node in self.walk() if node.fits(role, name)), None)

    def ask(self, interface, method, arguments=None):
        return ask(self.reference, interface, method, arguments)

    def process(self):
        """The number of its program's; None where that has ended."""
        try:
            return process_of(self.reference[0])
        except GLib.Error:
            return None

    def title(self):
        return self.ask(*NAME)[0]

    def has_state(self, state):
        number = int(getattr(Atspi.StateType, state))
        return bool(self.ask(ACCESSIBLE, "GetState")[0][number // 32] >> number % 32 & 1)

    def description(self):
        return self.ask(*property_of(ACCESSIBLE, "Description"))[0]

    def attributes(self):
        return self.ask(ACCESSIBLE, "GetAttributes")[0]

    def text(self):
        """What a text view holds."""
        length, = self.ask(*LENGTH)
        return self.ask(TEXT, "GetText", GLib.Variant("(ii)", (0, length)))[0]

    def set_text(self, text):
        self.ask(EDITABLE, "SetTextContents", GLib.Variant("(s)", (text,)))

    def place(self):
        """x, y, width, height within its window. Only such places can be asked for."""
        return self.ask(COMPONENT, "GetExtents", GLib.Variant("(u)", (WINDOW_COORDINATES,)))[0]

    def press(self):
        """Presses a button: of all that can be done with it, the first."""
        node = self
        if node.role == "button" and node.find("toggle button") is not None:
            node = node.find("toggle button")
        if not node.ask(ACTION, "DoAction", GLib.Variant("(i)", (0,)))[0]:
            raise Failed(f"the {self.role} “{self.name}” could not be pressed")

    def lines(self, depth=0):
        if self.name or self.role in ("text", "list item", "alert", "dialog"):
            yield f"{'  ' * depth}{self.role} “{self.name}”"
            depth += 1
        for child in self.children:
            yield from child.lines(depth)


def texts_of(nodes):
    """What each of them says; "" where it says nothing, or has gone."""
    nodes = list(nodes)
    asked = [node for node in nodes if node.has_text]
    lengths = ask_all([(node.reference, *LENGTH) for node in asked])
    asked = [(node, length[0]) for node, length in zip(asked, lengths) if length is not None]
    said = ask_all([(node.reference, TEXT, "GetText", GLib.Variant("(ii)", (0, length))) for node, length in asked])
    found = {id(node): text[0] for (node, _), text in zip(asked, said) if text is not None}
    return [found.get(id(node), "") for node in nodes]
