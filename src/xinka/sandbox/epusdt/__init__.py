"""The epusdt family at the sandbox gateway: original, BEpusdt and GMPay, each account with an address of its own."""
