"""Payment gateways, one folder each behind one small protocol. No Django in here, since the till reads it too."""
