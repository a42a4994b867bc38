"""The drawing of a site over HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.support.serving import serving


async def test_the_drawing_is_an_image_that_carries_its_own_colours(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        site = await running.site("lab")
        await site.live({"battery.soc": 60.0}, at_s=int(running.clock.wall_s()))
        viewer = await running.program("viewer")
        answer = await viewer.get("/api/v1/sites/lab/diagram.svg", params={"language": "it"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert "style-src 'self' 'unsafe-inline'" in answer.headers["content-security-policy"]
        assert "Schema unifilare" in answer.text
        assert (await viewer.get("/api/v1/sites/none/diagram.svg")).status_code == 404
        assert (await viewer.get("/api/v1/sites/lab/diagram.svg?language=fr")).status_code == 422
