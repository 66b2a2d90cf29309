"""The compiled part of the market: exact clearing and removals on the integer grid."""
