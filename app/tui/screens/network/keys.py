"""Keys of network."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {"network": "Network of a run, of the tutorial, or trained"}

_INPUTS = "all planes of a 3-D filter, input channel by input channel"

KEYS: tuple[Key, ...] = (
    Key("network.layer_next", on.DOWN, "layer(1)", "next layer", "network", "layer"),
    Key("network.layer_previous", on.UP, "layer(-1)", "previous layer", "network"),
    Key("network.layer_page", on.PAGE_DOWN, "layer(10)", "ten layers on", "network"),
    Key("network.layer_page_back", on.PAGE_UP, "layer(-10)", "ten layers back", "network"),
    Key("network.layer_first", on.FIRST, "layer(-9999)", "first layer", "network"),
    Key("network.layer_last", on.LAST, "layer(9999)", "last layer", "network"),
    Key("network.what", f"{on.QUANTITY},{on.ENTER}", "what", "its filters or its activations", "network", "filters"),
    Key("network.channel", on.RIGHT, "channel(1)", "next filter; next page of channels", "network", "channel"),
    Key("network.channel_back", on.LEFT, "channel(-1)", "previous filter; previous page of channels", "network"),
    Key("network.source", on.COMPONENT, "source", _INPUTS, "network", "planes"),
    Key("network.deeper", on.DEEPER, "deeper(1)", "next plane of the activations", "network", "deeper"),
    Key("network.shallower", on.SHALLOWER, "deeper(-1)", "previous plane", "network"),
    Key("network.input", on.COMPARE, "input", "the input in the place of the activations", "network", "input"),
    Key("network.run", on.NEXT, "run(1)", "the network of the next run", "network", "run"),
    Key("network.run_back", on.PREVIOUS, "run(-1)", "the network of the previous run", "network"),
    Key(
        "network.named",
        on.MORE,
        "named(1)",
        "the tutorial's networks and trained ones, then back to the run",
        "network",
    ),
    Key("network.universe", on.UNIVERSE, "universe(1)", "activations for the next universe", "network", "universe"),
    Key("network.universe_back", on.UNIVERSE_BACK, "universe(-1)", "activations for the previous universe", "network"),
    Key("network.filter", on.FILTER, "filter", "show only layers with these words", "network", "filter"),
    Key("network.pane", on.PANE, "pane", "from the layers to the images and back", "network", "pane", first=True),
    Key("network.cancel", on.STOP, "cancel", "give up what is being computed", "network"),
    Key("network.export", on.EXPORT, "export", "save the images as PNG, SVG, PDF or text", "network", "export"),
)
