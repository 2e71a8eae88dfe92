"""One sheet for the pages of citizens and officers, served to each from its own path."""

import re

from tests.support.town import Town


async def test_every_sheet_of_a_page_is_served_and_the_first_is_the_same(town: Town) -> None:
    first = []
    for path in ("/p", "/console/sign-in"):
        page = await town.client.get(path)
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page.text)
        assert len(sheets) == 2
        served = [await town.client.get(one) for one in sheets]
        assert [one.headers["content-type"].split(";")[0] for one in served] == ["text/css"] * 2
        first.append(served[0].content)
    assert first[0] == first[1]
