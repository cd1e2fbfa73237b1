"""Keys of network."""

from __future__ import annotations

from app.tui.frame.key import Key

SECTIONS = {"network": "Network of a run, of the tutorial, or trained"}

KEYS: tuple[Key, ...] = (
    Key("network.layer_next", "j,down", "layer(1)", "next layer", "network", "layer"),
    Key("network.layer_previous", "k,up", "layer(-1)", "previous layer", "network"),
    Key("network.layer_page", "pagedown", "layer(10)", "ten layers on", "network"),
    Key("network.layer_page_back", "pageup", "layer(-10)", "ten layers back", "network"),
    Key("network.layer_first", "g,home", "layer(-9999)", "first layer", "network"),
    Key("network.layer_last", "G,end", "layer(9999)", "last layer", "network"),
    Key("network.what", "f,enter", "what", "its filters or its activations", "network", "filters"),
    Key("network.channel", "right", "channel(1)", "next filter; next page of channels", "network", "channel"),
    Key("network.channel_back", "left", "channel(-1)", "previous filter; previous page of channels", "network"),
    Key(
        "network.source",
        "c",
        "source",
        "all planes of a 3-D filter, input channel by input channel",
        "network",
        "planes",
    ),
    Key("network.deeper", "full_stop", "deeper(1)", "next plane of the activations", "network", "deeper"),
    Key("network.shallower", "comma", "deeper(-1)", "previous plane", "network"),
    Key("network.input", "i", "input", "the input beside the activations", "network", "input"),
    Key("network.run", "n", "run(1)", "the network of the next run", "network", "run"),
    Key("network.run_back", "N", "run(-1)", "the network of the previous run", "network"),
    Key("network.named", "o", "named(1)", "the tutorial's networks and trained ones, then back to the run", "network"),
    Key("network.named_back", "O", "named(-1)", "the same backwards", "network"),
    Key("network.universe", "u", "universe(1)", "activations for the next universe", "network", "universe"),
    Key("network.universe_back", "U", "universe(-1)", "activations for the previous universe", "network"),
    Key("network.pane", "tab", "pane", "from the layers to the images and back", "network", "pane", first=True),
    Key("network.cancel", "x", "cancel", "give up what is being computed", "network"),
    Key("network.export", "e", "export", "save the images as PNG, SVG, PDF or text", "network", "export"),
)
