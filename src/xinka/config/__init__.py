"""How Xinka is put together: settings, addresses, servers and the ``xinka`` command."""
