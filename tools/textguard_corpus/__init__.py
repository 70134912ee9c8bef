"""Our own labelled text for textguard: grammars in several voices, and the tricks people hide words with."""
