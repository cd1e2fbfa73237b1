"""`halodeck --man`: the manual page, made of the commands themselves, in the language of man(7)."""

from __future__ import annotations

import re
from typing import Any

from app.cli.registry import commands

_ENVIRONMENT = {
    "HALODECK_RUNS": "Folder of the runs; else runs in the working directory.",
    "HALODECK_UNIVERSES": "Folder of the universes; else universes in the working directory.",
    "HALODECK_COLOR": "Colours: auto, truecolor, 256, 16 or none. NO_COLOR is respected.",
    "HALODECK_BLOCKS": "What a cell of an image is divided into: auto, half, quadrant, sextant or octant.",
    "HALODECK_SCRATCH": "Folder for boxes that are made during a training and are too large for memory.",
}
_FILES = {
    "~/.config/halodeck/settings.toml": "Theme, keys, colours and columns of the workbench.",
    "~/.config/halodeck/sites.toml": "Sites that jobs are submitted to.",
}
_KINDS = {"int": "N", "float": "X", "str": "TEXT", "Path": "PATH"}
_EXIT = {
    "0": "Done.",
    "1": "Refused, or failed; one line on standard error says why.",
    "2": "Wrong usage.",
    "128 + n": "Ended by signal n.",
}


def manual(program: Any) -> str:
    """The page of a program, from what it says of itself. No date and no version is in it."""
    lines = [
        '.TH HALODECK 1 "" "" "halodeck"',
        ".SH NAME",
        f"halodeck \\- {_safe(program.help.rstrip('.')[:1].lower() + program.help.rstrip('.')[1:])}",
        ".SH SYNOPSIS",
        ".B halodeck\n[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]]",
        ".SH DESCRIPTION",
        _safe(program.epilog),
        *_options(program),
        ".SH COMMANDS",
    ]
    for item in commands():
        command = program
        for word in item.name.split():
            command = command.commands[word]
        if not command.hidden:
            words = [f"\\fI{_safe(_value(each))}\\fR" for each in _arguments(command)]
            lines += [f".SS {' '.join([_safe(item.name), *words])}", *_paragraphs(command.help), *_options(command)]
    for title, entries in (("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES), ("EXIT STATUS", _EXIT)):
        lines += [f".SH {title}", *(line for name, text in entries.items() for line in _entry(_safe(name), text))]
    lines += [".SH SEE ALSO", "The documents of halodeck, and halodeck COMMAND \\-\\-help."]
    return "\n".join(lines) + "\n"


def _arguments(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "argument" and not each.hidden]


def _options(command: Any) -> list[str]:
    """Arguments and options with their meaning."""
    lines = []
    for each in _arguments(command):
        if each.help:
            lines += _entry(f"\\fI{_safe(_value(each))}\\fR", each.help)
    for each in command.params:
        if each.param_type_name == "option" and not each.hidden:
            words = ", ".join(f"\\fB{_safe(word)}\\fR" for word in (*each.opts, *each.secondary_opts))
            value = "" if each.is_flag else f" \\fI{_safe(_value(each))}\\fR"
            lines += _entry(words + value, each.help or "")
    return lines


def _value(parameter: Any) -> str:
    """What stands for the value of a parameter."""
    if parameter.metavar or parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    kind = getattr(parameter.type_descriptor.annotation, "__name__", "")
    return _KINDS.get(kind, "VALUE")


def _entry(term: str, text: str) -> list[str]:
    return [".TP", term, _safe(" ".join(text.split()))]


def _paragraphs(text: str) -> list[str]:
    parts = [" ".join(part.split()) for part in (text or "").split("\n\n")]
    return [line for number, part in enumerate(parts) for line in ([".PP"] if number else []) + [_safe(part)]]


def _safe(text: str) -> str:
    """Text that is no request of roff's."""
    told = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", told, flags=re.MULTILINE)
