"""One file per kind of source; each turns what it finds into the same `Raw` pictures and labels."""
