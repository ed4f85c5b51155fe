"""Answers that are JSON by a schema: typed by keys, followed by a real model, saved as a file, cut off, and so after a restart."""
import json
import re

import person
from person import Journey, Sotto, check, wait

person.enter_desktop(programs=("xdotool", "import"))
person.need_models("SmolLM2-135M")
person.prefer(window_width=1300, window_height=800, temperature=0.0, seed=1)

WRONG = '{"not": {}}'
SCHEMA = ('{"type": "object", "properties": {"sender": {"type": "string", "minLength": 1, "maxLength": 20}, '
          '"paid": {"type": "boolean"}, "sums": {"type": "array", "minItems": 1, "maxItems": 2, '
          '"items": {"type": "integer", "minimum": 1, "maximum": 99}}}, "required": ["sender", "paid", "sums"]}')
# Nobody waits for the end of this one.
LONG = '{"type": "array", "minItems": 900, "items": {"type": "string", "minLength": 9, "maxLength": 20}}'
SAVED = person.home()[0] / "letter.json"

journey = Journey()
step = journey.step


def open_format(sotto):
    """By the conversation's menu"""
    sotto.see("button", "Conversation Menu").press()
    wait("the menu", lambda: len(sotto.look().all("menu item")) >= 6)
    sotto.keys("o")
    sotto.see("radio button", "JSON by a Schema")


def schema_text(sotto):
    return sotto.see("text", "Schema")


def type_schema(sotto, text):
    """In the place of what is there"""
    wait("the schema to have the focus", lambda: schema_text(sotto).has_state("FOCUSED"))
    sotto.keys("ctrl+a")
    sotto.type(text)
    wait("what was typed", lambda: schema_text(sotto).text() == text)


def read(text):
    """The JSON of what a message says: without the words and buttons around its block of code"""
    return json.loads(text[re.search(r"[\[{]", text).start():max(text.rfind("]"), text.rfind("}")) + 1])


def last_reply(sotto):
    return read(sotto.reply())


def fits(value):
    """By hand: what the schema says, without anything that knows schemas."""
    check(list(value) == ["sender", "paid", "sums"], f"other names: {value}")
    check(isinstance(value["sender"], str) and 1 <= len(value["sender"]) <= 20, f"the sender: {value}")
    check(value["paid"] is True or value["paid"] is False, f"paid: {value}")
    check(1 <= len(value["sums"]) <= 2 and all(type(number) is int and 1 <= number <= 99 for number in value["sums"]), f"sums: {value}")


@step("The menu of the conversation leads to it; a schema that cannot be followed is refused at its line")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.resize(1300, 800)
    sotto.see("button", re.compile("^Model: "))
    open_format(sotto)
    sotto.go_to("list item", "JSON by a Schema", "Tab")
    sotto.screenshot("answers-dialog")
    sotto.keys("space")
    wait("the schema to be chosen", lambda: sotto.see("radio button", "JSON by a Schema").has_state("CHECKED"))
    sotto.see("label", re.compile("no schema yet"))
    sotto.go_to_entry("Schema")
    type_schema(sotto, WRONG)
    sotto.see("label", re.compile("^Line 1: “not”"))
    sotto.screenshot("answers-wrong")


@step("One that can is said to be, and above the message that replies will follow it")
def _():
    sotto = journey.sotto
    type_schema(sotto, SCHEMA)
    sotto.see("label", "Replies will follow this schema.")
    sotto.screenshot("answers-schema")
    sotto.keys("Escape")
    sotto.gone("radio button", "JSON by a Schema")
    sotto.see("label", "Replies will be JSON by a schema.")
    sotto.screenshot("answers-notice")


@step("A real model's reply follows it")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    sotto.write("Miss Marple has paid 40 and 12 pounds.")
    sotto.wait_reply()
    journey.first = last_reply(sotto)
    fits(journey.first)
    sotto.see("button", "Copy Code")
    sotto.screenshot("answers-reply")


@step("It is saved as a file")
def _():
    sotto = journey.sotto
    sotto.see("button", "Save As…").press()
    sotto.choose("Save JSON", str(SAVED))
    wait("the file", lambda: SAVED.exists() and SAVED.read_text(encoding="utf-8").endswith("\n"))
    check(json.loads(SAVED.read_text(encoding="utf-8")) == journey.first, "another reply was saved")


@step("After a restart it is there, what comes follows it again, and the notice leads to it")
def _():
    sotto = journey.sotto
    check(sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    sotto.resize(1300, 800)
    sotto.open(re.compile("Miss Marple"))
    sotto.see("label", "Replies will be JSON by a schema.")
    wait("the reply", lambda: last_reply(sotto) == journey.first)
    sotto.keys("ctrl+l")
    sotto.write("Hercule Poirot has not.")
    wait("two replies", lambda: [who for who, _ in sotto.messages()].count("Reply") == 2)
    sotto.wait_reply()
    fits(last_reply(sotto))
    sotto.see("button", "Change…").press()
    wait("the schema", lambda: schema_text(sotto).text() == SCHEMA)


@step("A reply that is stopped is JSON nevertheless, and says that it is unfinished")
def _():
    sotto = journey.sotto
    sotto.go_to_entry("Schema")
    type_schema(sotto, LONG)
    sotto.see("label", "Replies will follow this schema.")
    sotto.keys("Escape")
    sotto.gone("radio button", "JSON by a Schema")
    sotto.keys("ctrl+l")
    sotto.send("Name rivers.")
    wait("some of it", lambda: "sender" not in (said := sotto.reply()) and said.count('"') > 20)
    sotto.keys("Escape")
    sotto.see("label", re.compile("^Unfinished"))
    rivers = last_reply(sotto)
    check(isinstance(rivers, list) and rivers and all(isinstance(river, str) for river in rivers), f"not a list of texts: {rivers}")
    sotto.screenshot("answers-unfinished")
    sotto.resize(360, 720)
    sotto.see("button", "Show Conversations")
    sotto.screenshot("answers-narrow", 360, 720)
    check(sotto.quit() == 0, "its exit status was not 0")


journey.run()
