"""Jobs: put into procrastinate's queue inside the transaction that wants them, retried with care, mourned in words."""
