"""The command lines of this engine; each module is one command."""
