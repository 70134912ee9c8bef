"""epay V2 at the sandbox gateway: RSA signatures and a timestamp on everything that is asked, answered and told."""
