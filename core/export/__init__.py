"""What every exporter of program code shares, and the exporters: a project as text that runs without this program."""
