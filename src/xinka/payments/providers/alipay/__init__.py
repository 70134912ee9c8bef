"""Alipay's open platform: RSA2 with plain keys or with certificates."""
