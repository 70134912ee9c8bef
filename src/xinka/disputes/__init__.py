"""Questions, disputes and chargebacks: who says what until when, and how it ends."""
