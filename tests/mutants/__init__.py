"""Small mistakes planted in `market/` and `measures/`, one at a time: does a test notice?"""
