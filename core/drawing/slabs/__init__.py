"""The network as the slab figure of papers and lectures: oblique boxes for feature maps, bars for vectors."""
