"""What is true of every market, and the tests with random markets that hold it.

A statement names test modules (below ``tests``) and functions in them. `test_catalogue` counts them.
"""

from __future__ import annotations

PROPERTIES: dict[str, dict[str, str]] = {
    "money and compute are conserved": {
        "invariants.test_market_properties": "test_what_sellers_earn_and_buyers_keep_is_the_surplus "
        "test_the_spot_market_sells_what_it_buys_and_an_idle_offer_changes_nothing",
        "invariants.test_model_properties": "test_money_and_compute_are_conserved_whatever_is_drawn",
        "market.test_clearing": "test_flows_are_feasible_and_worth_the_surplus",
        "market.test_bargaining": "test_payoffs_at_competitive_prices_sum_to_the_surplus",
    },
    "the same seed gives the same bits": {
        "invariants.test_market_properties": "test_the_same_market_is_priced_with_the_same_bits",
        "invariants.test_model_properties": "test_the_same_seed_gives_the_same_bits",
        "market.test_clearing": "test_where_it_starts_changes_no_bit",
    },
    "the order of a file changes nothing": {
        "invariants.test_model_properties": "test_the_order_of_the_file_changes_no_bit",
        "market.test_spot": "test_order_of_rows_does_not_matter",
        "measures.test_invariants": "test_order_of_firms_does_not_matter",
    },
    "relabelling firms with their keys changes nothing beyond 1e-9": {
        "invariants.test_market_properties": "test_relabelled_rows_have_the_same_prices",
        "market.test_clearing": "test_relabelling_with_keys_carried_along_relabels_the_answer",
        "measures.test_price_effect": "test_relabelling_sellers_relabels_the_answer",
    },
    "units of money and compute do not matter": {
        "invariants.test_market_properties": "test_prices_are_in_the_currency_of_the_market "
        "test_prices_do_not_depend_on_the_unit_of_compute test_shapley_values_are_in_the_currency_of_the_market "
        "test_core_payoffs_are_in_the_currency_of_the_market test_withholding_does_not_depend_on_the_currency "
        "test_outside_options_are_ordered_and_in_the_currency_of_the_market",
        "market.test_clearing": "test_currency_and_quantity_scale",
        "measures.test_invariants": "test_units_of_money_and_compute_do_not_matter",
        "measures.test_pivotality": "test_scaling_all_quantities_changes_no_index",
        "measures.test_resilience": "test_currency_scales_losses_and_leaves_shares",
    },
    "an idle firm changes nothing": {
        "invariants.test_market_properties": "test_an_idle_seller_changes_no_price "
        "test_an_idle_seller_has_no_shapley_value_and_changes_none",
        "invariants.test_model_properties": "test_an_idle_firm_changes_no_bit_of_the_others",
        "market.test_clearing": "test_an_idle_firm_changes_no_bit",
        "measures.test_invariants": "test_an_idle_firm_changes_no_bit",
    },
    "splitting a firm under one owner leaves its measures unchanged": {
        "invariants.test_market_properties": "test_splitting_a_firm_changes_neither_its_owners_hhi_nor_rsi "
        "test_splitting_a_seller_in_two_changes_neither_surplus_nor_what_its_owner_adds",
        "measures.test_concentration": "test_splitting_a_firm_under_one_owner_changes_nothing",
        "measures.test_pivotality": "test_splitting_a_seller_under_one_owner_changes_nothing",
    },
    "a link or capacity never lowers the surplus": {
        "market.test_clearing": "test_a_link_or_capacity_never_lowers_the_surplus",
        "measures.test_invariants": "test_a_link_never_lowers_surplus_nor_what_its_ends_add "
        "test_a_link_never_lowers_served_demand_nor_the_index_of_others",
        "measures.test_resilience": "test_rerouting_never_loses_more_than_no_rerouting",
    },
    "a link never lowers what its ends add, nor their Shapley values": {
        "invariants.test_market_properties": "test_a_link_never_lowers_what_its_ends_add "
        "test_a_link_never_lowers_the_shapley_values_of_its_ends",
    },
    "what a seller adds rises with its capacity and falls with its rivals'": {
        "invariants.test_market_properties": "test_own_capacity_raises_what_a_seller_adds",
        "market.test_contribution": "test_contributions_move_as_gross_substitutes_do",
        "measures.test_resilience": "test_marginal_contributions_move_as_they_must",
    },
    "a seller's exit raises what other sellers add and lowers what buyers add": {
        "invariants.test_market_properties": "test_a_sellers_exit_raises_what_the_others_add "
        "test_a_sellers_exit_lowers_what_buyers_add",
    },
    "sellers together add no more than the surplus": {
        "invariants.test_market_properties": "test_sellers_together_add_no_more_than_the_surplus "
        "test_shapley_values_share_out_the_surplus",
        "market.test_contribution": "test_bounds",
        "measures.test_resilience": "test_sellers_together_add_no_more_than_the_surplus",
    },
    "no core payoff exceeds a marginal contribution": {
        "invariants.test_market_properties": "test_no_core_payoff_exceeds_a_marginal_contribution",
        "market.test_cooperative": "test_core_holds_the_competitive_payoffs_and_respects_contributions",
    },
    "the competitive interval lies in the core": {
        "invariants.test_market_properties": "test_competitive_payoffs_lie_in_the_core",
        "market.test_rational_pair": "test_every_competitive_price_lies_between_floor_and_replacement",
    },
    "logit diversions sum to one": {
        "invariants.test_market_properties": "test_what_a_lab_loses_goes_to_the_others_and_the_outside",
        "measures.test_externality": "test_diversions_add_to_one",
    },
    "without harm, own lab and stake there is no wedge": {
        "invariants.test_market_properties": "test_no_interest_and_no_harm_give_no_wedge "
        "test_harm_wished_on_the_buyer_makes_the_wedge_positive",
    },
    "in a bilateral monopoly four protocols pay the same": {
        "market.test_bargaining": "test_bilateral_monopoly",
    },
}
