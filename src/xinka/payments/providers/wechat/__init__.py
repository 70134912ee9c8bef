"""WeChat Pay v3 (微信支付): signed JSON calls, encrypted notices, bills, and profit sharing."""
