"""Files that people hand in: known by their content, made harmless, sealed, and handed out so that nothing runs."""
