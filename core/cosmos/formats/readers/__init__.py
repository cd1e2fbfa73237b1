"""One file a format or family of formats: what it defines as READERS is found here. See formats/reader.py."""
