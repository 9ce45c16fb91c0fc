"""Everything guibuilder knows about networks, data and training; no window anywhere below."""
