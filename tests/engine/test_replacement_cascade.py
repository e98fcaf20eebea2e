"""On the real engine, a Service that a change replaces takes nothing with it that routes to it."""

from tests.engine.test_engine import RENDERED
from tests.pulumi_program import PulumiProgram

PROGRAM = (
    RENDERED.replace("import WebService", "import IngressGateway, PublicLoadBalancer, WebService")
    + """
api = WebService("api", {"image": "a:1", "port": 80, "kind": "StatefulSet", "namespace": "shop"}, options)
routes = [{"host": "a.example.com", "target": api.target}]
args = {"install": False, "class_name": "nginx", "namespace": "shop", "controller_peers": [{"namespace": "nginx"}]}
IngressGateway("edge", {**args, "routes": routes}, options)
exposure = {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"]}
PublicLoadBalancer("public", {"target": api.target, "exposure": exposure}, options)
"""
)


def test_a_replaced_service_replaces_nothing_that_routes_to_it(program: PulumiProgram) -> None:
    program.write(PROGRAM)
    program.up()
    # The API server changes no cluster IP in place, so the provider deletes the Service before it creates it again.
    program.write(PROGRAM.replace('"StatefulSet",', '"StatefulSet", "service": {"headless": False},'))
    run = program.preview()
    replaced = {step.name for step in run.steps if "replace" in step.op or "delete" in step.op}
    assert replaced == {"api-service"}, run.output


def test_routes_and_load_balancers_go_before_the_service(program: PulumiProgram) -> None:
    program.write(PROGRAM)
    program.up()
    order = [step.name for step in program.destroy().steps if step.op == "delete"]
    # The Ingress of a host names no Service.
    later = [name for name in order if name.startswith(("edge-", "public-")) and not name.startswith("edge-host-")]
    assert len(later) > 3
    for name in later:
        assert order.index(name) < order.index("api-service"), order
