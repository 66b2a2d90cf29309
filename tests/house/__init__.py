"""Tests of the house: imports, promises of the documents, what a release contains."""
