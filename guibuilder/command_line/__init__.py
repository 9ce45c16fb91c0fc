"""The command line: a file here that has NAME, SUMMARY, add_arguments and run is a command."""
