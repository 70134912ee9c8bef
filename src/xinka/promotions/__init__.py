"""Coupons, flash sales, member levels, gift cards and referrals."""
