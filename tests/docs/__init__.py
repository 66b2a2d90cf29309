"""Tests of the documents: what they show runs, what they link to and name exists."""
