"""What translators give is whole, says the same in the same shape, and is marked until a native speaker has read it."""
import re

from catalogue import PO, TAG, compile_po, directives, english, has_mnemonic, languages, run, template
from promise import Skip, main, note, promise

DESKTOP = "io.github.sotto_chat.Sotto.desktop.in"
# What a keyboard has for them.
STRAIGHT = ('"', "...", "--")


def pairs(language):
    """(message, English form, its translation) of all that both have"""
    messages, _ = compile_po(language)
    for message, forms in template().items():
        for translated in messages.get(message, []):
            yield message, forms[-1], translated


def header(language):
    return (PO / f"{language}.po").read_text().split("\n\n", 1)[0]


@promise("po/LINGUAS lists every translation, sorted, and every translation compiles")
def compile_all():
    listed = (PO / "LINGUAS").read_text().split()
    if listed != sorted(listed):
        yield "po/LINGUAS is not sorted"
    for language in sorted(set(languages()) ^ set(listed)):
        yield f"po/LINGUAS and po/{language}.po do not agree"
    for language in languages():
        messages, complaint = compile_po(language)
        note(f"{language}: {len(messages)} of {len(template())}")
        if complaint:
            yield f"po/{language}.po: {complaint}"


@promise("every translation is complete: nothing is missing, nothing is fuzzy")
def complete():
    for language in languages():
        messages, _ = compile_po(language)
        for message in template():
            if not all(messages.get(message, [""])):
                yield f"po/{language}.po lacks “{english(message)}”"


@promise("a translation keeps what is filled in, mnemonics, markup, and an ellipsis at the end")
def shapes():
    for language in languages():
        for message, original, translated in pairs(language):
            for name, shape in (("what is filled in", directives), ("the mnemonic", has_mnemonic),
                                ("markup", lambda text: sorted(TAG.findall(text))),
                                ("the ellipsis", lambda text: text.endswith("…")),
                                # Chinese sets its commas with their space.
                                ("space around it", lambda text: (text[:1].isspace(), text[-1:].isspace() or text == "、")),
                                ("the semicolon at the end", lambda text: text.endswith(";"))):
                if shape(original) != shape(translated):
                    yield f"po/{language}.po: {name} in “{english(message)}”: “{translated}”"
            # The heading of a month: a form of the month and the year.
            if original == "%OB %Y" and not (re.search(r"%-?(?:OB|B|Ob|b|m)", translated) and "%Y" in translated):
                yield f"po/{language}.po: what is filled in in “{original}”: “{translated}”"


@promise("a translation has the quotation marks, apostrophes and dashes of print")
def print_marks():
    for language in languages():
        for message, original, translated in pairs(language):
            for mark in STRAIGHT:
                if mark in translated and mark not in original:
                    yield f"po/{language}.po: {mark} in “{translated}”"
            if re.search(r"\w'\w", translated) and not re.search(r"\w'\w", original):
                yield f"po/{language}.po: ' in “{translated}”"


@promise("a translation says which language it is, and whether a native speaker has read it")
def marks():
    for language in languages():
        head = header(language)
        if f'"Language: {language}\\n"' not in head:
            yield f"po/{language}.po does not say that it is {language}"
        if "# NEEDS REVIEW" in head and '"X-Needs-Review: by a native speaker\\n"' in head:
            note(f"{language}: a native speaker has yet to read it")
        elif not re.search(r'"X-Reviewed-By: \S', head):
            yield f"po/{language}.po says neither that it needs a review nor who has given it one"


@promise("the desktop file has a comment in every language")
def desktop():
    if not (PO.parent / "data" / DESKTOP).exists():
        raise Skip("there is no desktop file")
    try:
        merged = run("msgfmt", "--desktop", "-d", str(PO), "--template", str(PO.parent / "data" / DESKTOP), "-o",
                     "-").decode()
    except ValueError as complaint:
        yield f"the desktop file cannot be translated: {complaint}"
        return
    for language in languages():
        if f"\nComment[{language}]=" not in merged:
            yield f"the desktop file has no comment in {language}"


if __name__ == "__main__":
    main()
