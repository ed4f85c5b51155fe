"""Every string a person sees can be translated, and the translators are told where it stands."""
import re
import xml.etree.ElementTree as ElementTree

from promise import ROOT, Skip, files_below, main, promise, text

# Properties and attributes of .ui files that hold words.
WORDY = {
    "label", "title", "subtitle", "tooltip-text", "tooltip-markup", "tooltip", "placeholder-text",
    "description", "heading", "body", "text", "accept-label", "button-label", "custom-title",
    "primary-text", "secondary-text", "comments", "name-label", "value-text", "role-description",
    "help-text", "markup",
}
# C functions whose string argument is shown as it is.
SHOWING = (
    "gtk_label_new", "gtk_label_set_(?:label|text|markup)", "gtk_button_new_with_(?:label|mnemonic)",
    "gtk_button_set_label", "gtk_widget_set_tooltip_(?:text|markup)", "gtk_window_set_title",
    "gtk_(?:entry|search_entry|text)_set_placeholder_text", "adw_toast_new(?:_format)?",
    "adw_toast_set_(?:button_label|title)", "adw_(?:alert|message)_dialog_new",
    "adw_alert_dialog_(?:add_response|set_heading|set_body)",
    "adw_(?:status_page|preferences_row|preferences_group|preferences_page|action_row|banner|dialog|"
    "window_title|navigation_page)_set_(?:title|subtitle|description|button_label)",
    "adw_window_title_new", "adw_banner_new", "adw_navigation_page_new", "g_menu_append",
    "g_menu_item_new", "gtk_accessible_announce", "g_notification_(?:new|set_body|add_button)",
    "gtk_file_dialog_set_(?:title|accept_label)", "gtk_file_filter_set_name",
)
CALL = re.compile(r"\b(?:" + "|".join(SHOWING) + r")[ \t]*\(")
ACCESSIBLE = re.compile(r"GTK_ACCESSIBLE_PROPERTY_(?:LABEL|DESCRIPTION|ROLE_DESCRIPTION|VALUE_TEXT)"
                        r"\s*,\s*\"([^\"]*[^\W\d_][^\"]*)\"")
MARKED = re.compile(r"(?<![\w\"])(?:_|N_|C_|NC_|Q_|g?n?gettext|ngettext|g_dngettext|g_dgettext|"
                    r"g_dpgettext2)[ \t]*\(")
WORD = re.compile(r"[^\W\d_]")


def ui_files():
    return files_below("ui", "data", ends=(".ui",))


@promise("every label, title and tooltip in a .ui file is marked translatable")
def ui_strings():
    if not ui_files():
        raise Skip("there is no .ui file yet")
    for path in ui_files():
        for element in ElementTree.parse(ROOT / path).iter():
            wordy = (element.tag in ("property", "attribute")
                     and element.get("name", "").replace("_", "-") in WORDY
                     or element.tag == "item" and "translatable" in element.attrib
                     or element.tag == "relation" and element.get("name") == "label")
            words = (element.text or "").strip()
            # A name is the same in every language.
            if wordy and not len(element) and WORD.search(words) and words != "Sotto" \
                    and element.get("translatable") not in ("yes", "true", "1"):
                yield f"{path}: {element.get('name')} \"{words}\" is not translatable"


def without_comments(source):
    """The same length, with comments blanked, so that line numbers stay."""
    return re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*',
                  lambda found: found[0] if found[0][0] == '"'
                  else re.sub(r"[^\n]", " ", found[0]), source, flags=re.S)


def call_arguments(source, start):
    """The text between the parentheses of a call whose '(' is before `start`."""
    depth, position, quoted = 1, start, False
    while position < len(source) and depth:
        character = source[position]
        if quoted:
            if character == "\\":
                position += 1
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "()":
            depth += 1 if character == "(" else -1
        position += 1
    return source[start:position - 1]


def bare_literals(arguments):
    """The string literals of a call that stand in no call of their own and hold words."""
    depth = 0
    for found in re.finditer(r'"((?:\\.|[^"\\])*)"|[()]', arguments):
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
        elif depth == 0:
            words = re.sub(r"%[-+ #0]*[\d.*]*[a-zA-Z]+|\\.|<[^>]*>", "", found[1])
            if WORD.search(words):
                yield found[1]


@promise("every string that C code shows is marked for translation")
def c_strings():
    for path in files_below("app", "ui", ends=(".c",)):
        source = without_comments(text(path))
        for call in CALL.finditer(source):
            for literal in bare_literals(call_arguments(source, call.end())):
                if re.fullmatch(r"(app|win|\w+)\.[\w.:-]+", literal):
                    continue    # an action's name
                line = source.count("\n", 0, call.start()) + 1
                name = call[0].rstrip(" (\t")
                if name.endswith("add_response") and re.fullmatch(r"[a-z-]+", literal):
                    continue    # a response's name
                yield f"{path}:{line}: {name} shows \"{literal}\""
        for found in ACCESSIBLE.finditer(source):
            line = source.count("\n", 0, found.start()) + 1
            yield f"{path}:{line}: an accessible name \"{found[1]}\""


def potfiles():
    for path in files_below("po"):
        if path.name in ("POTFILES.in", "POTFILES"):
            return {line.strip() for line in text(path).splitlines()
                    if line.strip() and not line.startswith("#")}
    raise Skip("there is no po/POTFILES.in yet")


def has_strings(path):
    content = text(path) or ""
    if path.suffix in (".c", ".h"):
        return bool(MARKED.search(re.sub(r"#\s*define[^\n]*", "", without_comments(content))))
    if path.suffix == ".ui":
        return "translatable=" in content
    return path.name.endswith((".desktop.in", ".metainfo.xml.in", ".gschema.xml", ".mime.xml.in"))


@promise("po/POTFILES.in names every file with strings, and none that is gone")
def listed():
    known = potfiles()
    there = {str(path) for path in files_below("app", "ui", "data", "flatpak", "history", "engine", "po")
             if has_strings(path)}
    for path in sorted(there - known):
        yield f"{path} has strings and is not in po/POTFILES.in"
    for path in sorted(known - {str(path) for path in files_below("app", "ui", "data", "flatpak", "po")}):
        yield f"po/POTFILES.in names {path}, which is not there"


if __name__ == "__main__":
    main()
