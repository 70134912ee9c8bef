"""TokenPay: many coins on many chains; notices are MD5-signed, so the gateway is asked before anything is delivered."""
