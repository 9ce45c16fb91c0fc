"""A project as one page to read, print and keep: a single HTML file that opens offline."""
