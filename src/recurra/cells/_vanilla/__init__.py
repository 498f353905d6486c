"""Plain recurrent networks, and those that stand on their equation."""
