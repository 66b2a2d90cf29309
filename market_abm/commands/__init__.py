"""What each command does, a file a family of commands; `cli.py` says how they are called."""
