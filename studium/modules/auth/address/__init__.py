"""The change of an address, to which both mailboxes agree."""
