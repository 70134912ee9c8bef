"""epay V2, "易支付 V2": RSA signatures and a timestamp in both directions."""
