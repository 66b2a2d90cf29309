"""What happens to firms: state, demand, trade, contracts, money, building."""
