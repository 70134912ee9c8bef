"""How Xinka looks and speaks: base pages, components, static files, language, theme and the headers of every page."""
