"""Gateways that pay out, behind one Protocol."""
