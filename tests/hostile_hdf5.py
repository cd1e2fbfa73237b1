"""What must not be read from HDF5: names that lead out of the file, shapes that hold no data."""

from collections.abc import Callable

import h5py

Put = Callable[[h5py.Group, str], None]
"""Puts something under a name of a group, beside a file elsewhere.h5 that has /x."""


def external_link(group: h5py.Group, name: str) -> None:
    group[name] = h5py.ExternalLink("elsewhere.h5", "/x")


def soft_to_external_link(group: h5py.Group, name: str) -> None:
    group["there"] = h5py.ExternalLink("elsewhere.h5", "/")
    group[name] = h5py.SoftLink("there/x")


def virtual(group: h5py.Group, name: str) -> None:
    layout = h5py.VirtualLayout((8,), "f8")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (8,))
    group.create_virtual_dataset(name, layout)


def external_storage(group: h5py.Group, name: str) -> None:
    group.create_dataset(name, (8,), "f8", external=[("elsewhere.h5", 512, 64)])


def never_written(group: h5py.Group, name: str) -> None:
    group.create_dataset(name, (10**11, 3), "f4", chunks=(1000, 3), fillvalue=1.0)


def hardly_written(group: h5py.Group, name: str) -> None:
    group.create_dataset(name, (10**11,), "f4", chunks=(1000,), compression="gzip")[:10] = 1


def a_hole(group: h5py.Group, name: str) -> None:
    """As long as it says, and nowhere on the disk."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple((10**10, 3))
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, properties)


def circle(group: h5py.Group, name: str) -> None:
    group[name] = h5py.SoftLink(name)


HOSTILE: dict[Put, str] = {
    external_link: "is an external link to elsewhere.h5: copy the data into the file",
    soft_to_external_link: "there is an external link to elsewhere.h5: copy",
    virtual: "is virtual, its data are in elsewhere.h5: give .*elsewhere.h5",
    external_storage: "is kept outside the file, in elsewhere.h5: copy the data into the file",
    never_written: "has a shape of 1,200,000,000,000 bytes, of which 0 are there: make the file again",
    hardly_written: "has a shape of 400,000,000,000 bytes, of which [0-9,]+ are there",
    a_hole: "has a shape of 120,000,000,000 bytes, of which [0-9,]+ are there",
    circle: "is a soft link that leads to itself",
}
"""Everything that must not be read, and how it is refused."""
