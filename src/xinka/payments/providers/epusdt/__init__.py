"""The epusdt family of stablecoin gateways: the original, BEpusdt, and GMPay, which signs with an HMAC."""
