"""The kernel: plain Python that every floor may use and that uses none of them."""
