"""Tests of the data folder and of the shipped real worlds."""
