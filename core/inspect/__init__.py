"""Looking inside: one question per file; a network with its weights and pictures go in, arrays and figures come out."""
