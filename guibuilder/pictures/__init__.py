"""Arrays as pictures: colour maps and the small widgets that paint maps, filters and values."""
