"""The shop closed for a while: what is said to buyers, since when and until when. Begin with ``state``."""
