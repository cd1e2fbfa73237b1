"""Formats that are known by name and not read, and how to bring their data in nevertheless."""

from __future__ import annotations

from pathlib import Path

_OWN = "save positions, velocities and ids as .npz (docs/data.md shows how)"

_BYTES: dict[bytes, tuple[str, str]] = {
    b"HACC01": ("HACC GenericIO", f"read it with pygio and {_OWN}"),
    b"#ASDF": (
        "asdf, as AbacusSummit writes",
        f"give the folder halo_info of its halos; read particles with abacusutils and {_OWN}",
    ),
    b"SIMPLE  =": ("FITS", "save the cube as .npy or the table as CSV"),
    **dict.fromkeys(
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        ("a Python pickle", "it may run programs and is never opened: save arrays as .npz or .npy"),
    ),
}
"""How files begin that hold one."""


def unread(path: Path, start: bytes) -> tuple[str, str] | None:
    """The name of a format that is known and not read, and the way round; None for anything else."""
    if (path / "Header" / "attr-v2").is_file() or (path / "Header" / "header").is_file():
        return "bigfile without dark matter in 1/Position", f"read it with bigfile and {_OWN}"
    for sign, told in _BYTES.items():
        if start.startswith(sign):
            return told
    return None
