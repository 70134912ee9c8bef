"""Payment gateways: one folder each behind one small protocol. Nothing here needs Django, since the till reads it too."""
