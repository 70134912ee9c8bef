"""Merchants' withdrawals: accounts, approvals, batches and providers."""
