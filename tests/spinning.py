"""The helper that describes files, in which some files are the undoing of their reader, told by their names."""

SPINS = (
    "-P",
    "-c",
    "import os, re, sys\n"
    "from core.cosmos.formats import recognise as module\n"
    "real = module.recognise\n"
    "def recognise(path):\n"
    "    if path.name.startswith('spins'): re.match('(a+)+$', 64 * 'a' + 'b')  # in C, with the lock of Python\n"
    "    if path.name.startswith('crashes'): os.abort()\n"
    "    return real(path)\n"
    "module.recognise = recognise\n"
    "from app.background.describing import serve\n"
    "serve(float(sys.argv[1]))\n",
)
"""What makes Python this helper."""
