"""The epay (易支付) V1 wire, which nearly every small gateway speaks: signing, notices, calls."""
