"""Who someone is: sign-up, sign-in, second factors, sessions and devices."""
