"""Mesa's own page of a world of 300 firms (Solara finds a page by its module)."""

from tests.benchmarks.frame_pages import stock_page

page = stock_page(300)
Page = page
