from tests.factories.clients import GatewayClient


async def test_dashboard(alder: GatewayClient, statements: list[str]) -> None:
    answer = await alder.run("{ viewer { partner { name } } }")
    assert answer.data == {"viewer": {"partner": {"name": "Alder Hosting"}}}
    assert len(statements) == 2


async def test_leaks_with_both_off(alder, birch, weakened) -> None:
    foreign = (await birch.run("{ clients(first: 1) { nodes { id } } }")).data["clients"]["nodes"][0]["id"]
    ask = "query($id: ID!) { node(id: $id) { id } }"
    assert (await alder.run(ask, id=foreign)).codes == ["NOT_FOUND"]
    for qs, rls in ((True, False), (False, True)):
        assert (await weakened("alder-owner", query_scope=qs, rls=rls).run(ask, id=foreign)).codes == ["NOT_FOUND"]
    assert (await weakened("alder-owner", query_scope=False, rls=False).run(ask, id=foreign)).data["node"][
        "id"
    ] == foreign
