"""What is measured, one command each: `xinka bench NAME`."""
