"""Questions that are pasted into a quiz: GIFT, or a plain text form."""
