"""The platform's wire: callback, envelopes, rendering."""
