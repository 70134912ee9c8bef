"""The hold on a buyer's money: how long it waits, what stops it, and to whom it goes."""
