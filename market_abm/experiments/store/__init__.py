"""The folder of a sweep: journal, parts as workers wrote them, and compact tables."""
