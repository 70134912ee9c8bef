"""Teams of merchants: ``inviting``, ``changing``, ``handing_over``; every change is on record and told by mail.

Who may ask for what is for the desk to know (``merchants.policies``); these stories say what else belongs to it.
"""
