"""Looking inside: what layers see and put out, what the network says, and where it errs."""
