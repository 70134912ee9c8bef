"""Find the receipts of an order that was paid plainly: they carry the moment at which the order was paid.

An index by order would cost the till something at each payment; one of block ranges costs nothing worth measuring.
"""

from __future__ import annotations

from django.db import migrations

from xinka.platform.database.operations import IndexInWords

INDEX = """
CREATE INDEX CONCURRENTLY receipt_received_at ON payments_receipt USING brin (received_at)
  WITH (pages_per_range = 16, autosummarize = on)
"""


class Migration(migrations.Migration):
    """An index of another room, which only the escrow needs."""

    atomic = False

    dependencies = [("escrow", "0001_initial"), ("payments", "0003_refunds_and_channels")]
    operations = [IndexInWords("receipt_received_at", INDEX)]
