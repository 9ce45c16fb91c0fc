"""Pictures and their labels: where they come from, how they are checked, cut into parts and handed out in batches."""
