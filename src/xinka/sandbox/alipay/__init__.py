"""Alipay's open platform at the sandbox gateway: ``gateway.do``, notices, bills; with plain keys or certificates."""
