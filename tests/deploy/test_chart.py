"""The Helm chart: what it renders is what gearshift expects, and safe by default."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from gearshift import load_settings
from gearshift.gateway.routes import all_routes
from gearshift.telemetry.metrics import Metrics

HELM = Path(__file__).parents[2] / "deploy" / "helm"
CHART = HELM / "gearshift"
EXAMPLES = sorted((HELM / "examples").glob("*.yaml"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))
KUBERNETES = ("--kube-version", "1.30.0")  # the oldest that the chart is for
VARIABLES = {
    name: f"postgresql://u@h/{name}" if name == "LOG_URL" else f"redis://{name}"
    for name in ("REDIS_URL", "LOG_URL", "VLLM_KEY", "APP_KEY")
}


def program(name):
    """Go programs that no package manager has here: `make chart` builds them.

    Elsewhere they are on the path, or named by GEARSHIFT_TEST_HELM and …_KUBECONFORM.
    """
    found = os.environ.get(f"GEARSHIFT_TEST_{name.upper()}") or shutil.which(name)
    return found or pytest.skip(f"needs {name}: `make chart`, or {name} on the path")


def rendered(values=None):
    """What helm makes of the chart, by kind and name."""
    command = [program("helm"), "template", "release", str(CHART), *KUBERNETES]
    if values is not None:
        command += ["--values", "-"]
    text = yaml.safe_dump(values) if values is not None else None
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    documents = [one for one in yaml.safe_load_all(done.stdout) if one]
    return {(one["kind"], one["metadata"]["name"]): one for one in documents}


def pod_of(documents):
    return documents["Deployment", "release"]["spec"]["template"]["spec"]


def test_the_schema_knows_every_value_and_no_other():
    known = {name: each for name, each in SCHEMA["properties"].items() if name != "global"}
    assert SCHEMA["additionalProperties"] is False
    assert set(known) == set(VALUES)
    for name, each in known.items():
        if "properties" in each:
            assert each["additionalProperties"] is False
            assert set(each["properties"]) == set(VALUES[name]), name
    jsonschema.validate(VALUES, SCHEMA)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_valid_and_gearshift_takes_its_configuration(example, tmp_path, monkeypatch):
    values = yaml.safe_load(example.read_text("utf-8"))
    jsonschema.validate(values, SCHEMA)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(values["config"]))
    assert load_settings(file).settings.upstreams


@pytest.mark.elsewhere
@pytest.mark.parametrize("values", [None, *EXAMPLES], ids=lambda path: path and path.stem)
def test_helm_has_no_complaint(values):
    more = ["--values", str(values)] if values else []
    done = subprocess.run(
        [program("helm"), "lint", "--strict", str(CHART), *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.elsewhere
def test_a_pod_may_do_no_more_than_it_needs():
    documents = rendered()
    pod = pod_of(documents)
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    written = {one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert written == {"/var/lib/gearshift", "/tmp"}
    assert ("NetworkPolicy", "release") in documents
    assert ("PodDisruptionBudget", "release") in documents


@pytest.mark.elsewhere
def test_probes_ask_for_what_exists():
    (container,) = pod_of(rendered())["containers"]
    ports = {port["name"] for port in container["ports"]}
    paths = {route.path for route in all_routes({})}
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[name]["httpGet"]
        assert asked["path"] in paths
        assert asked["port"] in ports


@pytest.mark.elsewhere
@pytest.mark.parametrize(
    ("config", "longest"),
    [
        ({}, 600),
        ({"limits": {"total_seconds": 30}}, 30),
        ({"limits": {"total_seconds": 0.5}}, 1),
        ({"shutdown": {"grace_seconds": 1000, "delay_seconds": 7.5}}, 1008),
        ({"shutdown": {"grace_seconds": 0, "delay_seconds": 0}}, 0),
    ],
)
def test_a_pod_has_time_for_the_longest_answer(config, longest):
    pod = pod_of(rendered({"config": config}))
    leaving = VALUES["termination"]["leaveServiceSeconds"]
    assert pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] == leaving
    assert pod["terminationGracePeriodSeconds"] >= longest + leaving + 10


@pytest.mark.elsewhere
def test_what_scales_it_is_measured():
    documents = rendered({"autoscaling": {"enabled": True}})
    (metric,) = documents["HorizontalPodAutoscaler", "release"]["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    assert f"# TYPE {name} gauge" in Metrics().exposition()[1].decode()
    assert "replicas" not in documents["Deployment", "release"]["spec"]


@pytest.mark.elsewhere
def test_services_and_monitor_select_the_pods():
    documents = rendered({"serviceMonitor": {"enabled": True}})
    labels = documents["Deployment", "release"]["spec"]["template"]["metadata"]["labels"]
    for name in ("release", "release-admin"):
        selector = documents["Service", name]["spec"]["selector"]
        assert selector.items() <= labels.items()
    monitor = documents["ServiceMonitor", "release"]["spec"]
    admin = documents["Service", "release-admin"]
    assert monitor["selector"]["matchLabels"].items() <= admin["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == admin["spec"]["ports"][0]["name"]
    public = documents["Service", "release"]["metadata"]["labels"]
    assert not monitor["selector"]["matchLabels"].items() <= public.items()


@pytest.mark.elsewhere
def test_a_new_configuration_rolls_the_pods():
    def checksum(config):
        deployment = rendered({"config": config})["Deployment", "release"]
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) == checksum({})
    assert checksum({}) != checksum({"hedging": {"enabled": True}})


@pytest.mark.elsewhere
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replica": 3}, "replica"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"service": {"port": 0}}, "port"),
        ({"termination": {"leaveServiceSeconds": 0}}, "leaveServiceSeconds"),
    ],
)
def test_values_that_mean_nothing_are_refused(values, said):
    with pytest.raises(AssertionError, match=said):
        rendered(values)


@pytest.mark.elsewhere
@pytest.mark.parametrize("values", [None, *EXAMPLES], ids=lambda path: path and path.stem)
def test_kubernetes_takes_it(values):
    """Against its own schemas, in the folder GEARSHIFT_TEST_KUBERNETES_SCHEMAS."""
    more = ["--values", str(values)] if values else []
    manifest = subprocess.run(
        [program("helm"), "template", "release", str(CHART), *KUBERNETES, *more],
        capture_output=True,
        check=True,
        timeout=120,
    ).stdout
    schemas = os.environ.get("GEARSHIFT_TEST_KUBERNETES_SCHEMAS")
    if schemas is None:
        pytest.skip("needs GEARSHIFT_TEST_KUBERNETES_SCHEMAS: a folder of Kubernetes' JSON schemas")
    done = subprocess.run(
        [
            *(program("kubeconform"), "-strict", "-summary", "-skip", "ServiceMonitor"),
            *("-schema-location", f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"),
        ],
        input=manifest,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
