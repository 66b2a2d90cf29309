"""The facts that scenarios cite, with their sources and their own licence."""
