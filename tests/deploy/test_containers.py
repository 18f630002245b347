"""The compose file and the manifests keep the rules, and each rule can be broken."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from backend.database.sessions import Database
from backend.intake import archives
from backend.secret_files import may_be_a_file
from backend.settings import Settings, environment_name
from tests.deploy.containers import compose_problems, pod_problems

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
MANIFESTS = {
    f"{one['kind']}/{one['metadata']['name']}": one
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text())
}
PODS = {"Deployment/dermvtt-web", "Job/dermvtt-migrate"}


def pod(name):
    return copy.deepcopy(MANIFESTS[name]["spec"]["template"]["spec"])


def test_the_compose_file_keeps_the_rules():
    assert compose_problems(COMPOSE) == set()
    assert COMPOSE["services"].keys() == {"proxy", "web", "migrate", "postgres", "objects", "store"}
    assert COMPOSE["services"]["postgres"]["image"].startswith("postgres:17")


@pytest.mark.parametrize(
    ("service", "change", "broken"),
    [
        ("web", {"image": "dermvtt-web"}, "an image without a version"),
        ("store", {"image": "versity/versitygw:latest"}, "an image without a version"),
        ("web", {"read_only": False}, "a root file system that can be written"),
        ("postgres", {"cap_drop": []}, "capabilities"),
        ("proxy", {"security_opt": []}, "new privileges"),
        ("web", {"privileged": True}, "privileged"),
        ("web", {"user": "root"}, "root"),
        ("web", {"container_name": "web"}, "a name that stands in the way of replicas"),
        ("postgres", {"ports": ["5432:5432"]}, "a port beside the proxy"),
        ("web", {"environment": {"DATABASE_URL": "x"}}, "a secret in the environment"),
        ("postgres", {"environment": {"POSTGRES_PASSWORD": "x"}}, "a secret in the environment"),
        ("web", {"volumes": ["/var/run/docker.sock:/x"]}, "the engine's socket"),
        ("web", {"networks": ["outside"]}, "a way to the outside"),
        ("web", {"secrets": ["nothing"]}, "an unknown secret nothing"),
        ("web", {"secrets": []}, "a secret that is not mounted s3_key"),
        ("store", {"secrets": ["s3_key"]}, "a secret that is not mounted s3_secret"),
        ("store", {"depends_on": {"nobody": {}}}, "waits for nothing nobody"),
        ("web", {"volumes": ["nothing:/x"]}, "an unknown volume nothing"),
    ],
)
def test_each_rule_of_compose_can_be_broken(service, change, broken):
    compose = copy.deepcopy(COMPOSE)
    compose["services"][service] |= change
    assert f"{service}: {broken}" in compose_problems(compose)


@pytest.mark.parametrize("left_out", ["healthcheck", "restart"])
def test_what_must_be_there_is_missed(left_out):
    compose = copy.deepcopy(COMPOSE)
    del compose["services"]["web"][left_out]
    assert len(compose_problems(compose)) == 1


def test_pods_keep_the_rules():
    assert {name: pod_problems(pod(name)) for name in PODS} == {name: set() for name in PODS}


@pytest.mark.parametrize(
    ("where", "change", "broken"),
    [
        ("pod", {"securityContext": {}}, "root"),
        ("pod", {"securityContext": {"runAsNonRoot": True, "runAsUser": 1}}, "system calls"),
        ("pod", {"automountServiceAccountToken": True}, "the cluster's token"),
        ("pod", {"volumes": []}, "an unknown volume"),
        ("container", {"image": "x:latest"}, "an image without a version"),
        ("container", {"securityContext": {}}, "a root file system that can be written"),
        ("container", {"securityContext": {}}, "capabilities"),
        ("container", {"securityContext": {}}, "new privileges"),
        ("container", {"securityContext": {"privileged": True}}, "privileged"),
        ("container", {"resources": {}}, "no limit of memory"),
        ("container", {"env": [{"name": "DATABASE_URL", "value": "x"}]}, "a secret in the environment"),
    ],
)
def test_each_rule_of_pods_can_be_broken(where, change, broken):
    changed = pod("Deployment/dermvtt-web")
    (changed if where == "pod" else changed["containers"][0]).update(change)
    assert broken in pod_problems(changed)


def test_the_manifests_fit_together():
    labels = MANIFESTS["Deployment/dermvtt-web"]["spec"]["template"]["metadata"]["labels"]
    (container,) = pod("Deployment/dermvtt-web")["containers"]
    assert MANIFESTS["Deployment/dermvtt-web"]["spec"]["replicas"] == 2
    for name in ("Service/dermvtt-web", "PodDisruptionBudget/dermvtt-web"):
        selector = MANIFESTS[name]["spec"]["selector"]
        assert (selector.get("matchLabels", selector)).items() <= labels.items()
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert {
        container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("liveness", "readiness", "startup")
    } == {"http"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    # A migration must not be run by what a selector of the web servers finds.
    assert (
        not labels.items()
        <= MANIFESTS["Job/dermvtt-migrate"]["spec"]["template"]["metadata"]["labels"].items()
    )
    assert MANIFESTS["Ingress/dermvtt"]["spec"]["rules"][0]["host"] in str(container["env"])
    held = MANIFESTS["Secret/dermvtt"]["stringData"].keys()
    for name in PODS:
        files = {
            one["value"].rsplit("/", 1)[1]
            for one in pod(name)["containers"][0]["env"]
            if one["name"].endswith("_FILE")
        }
        assert files <= held
    assert ports["http"] == 8000


def test_every_variable_is_a_setting():
    known = {environment_name(name) for name in Settings.model_fields}
    known |= {
        f"{environment_name(name)}_FILE"
        for name, field in Settings.model_fields.items()
        if may_be_a_file(name, field)
    }
    known |= {"TMPDIR"}
    used = {variable for name in ("web", "migrate") for variable in COMPOSE["services"][name]["environment"]}
    used |= {one["name"] for name in PODS for one in pod(name)["containers"][0]["env"]}
    assert used - known == set()


LARGEST_MB = Settings.model_fields["max_upload_mb"].default


def megabytes(text):
    number, unit = re.fullmatch(r"(\d+)([mM]|Mi|Gi)", text).groups()
    return int(number) * (1024 if unit == "Gi" else 1)


def test_proxies_let_uploads_through_and_log_no_address():
    guide = (ROOT / "docs" / "deploy.md").read_text()
    ingress = MANIFESTS["Ingress/dermvtt"]["metadata"]["annotations"]
    kind = "nginx.ingress.kubernetes.io/"
    (nginx,) = re.findall(r"client_max_body_size (\w+);", guide)
    for most in (nginx, ingress[f"{kind}proxy-body-size"]):
        assert LARGEST_MB < megabytes(most) < 1.1 * LARGEST_MB
    assert ingress[f"{kind}enable-access-log"] == "false"
    assert re.search(r"access_log off;.*\n\s+error_log \S+ crit;", guide)
    for caddy in (guide, (ROOT / "deploy" / "Caddyfile").read_text()):
        assert re.search(r"log \{\s+format filter \{[^}]*request>uri delete[^}]*request>headers del", caddy)


def test_there_is_room_for_what_an_upload_unpacks_to():
    needed = LARGEST_MB + (archives.MOST_UNPACKED >> 20)
    (tmp,) = (one for one in pod("Deployment/dermvtt-web")["volumes"] if one["name"] == "tmp")
    assert megabytes(tmp["emptyDir"]["sizeLimit"]) > needed
    web = COMPOSE["services"]["web"]
    assert f"data:{web['environment']['TMPDIR']}" in web["volumes"]  # on a disk, not in memory


def test_postgresql_has_connections_for_three_servers():
    """For each thread of the pool, one that listens and one that asks whether it is ready."""
    pool = Database("postgresql+psycopg://nobody@nowhere/x").engine.pool
    of_one = pool.size() + pool._max_overflow + 2
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(COMPOSE["services"]["postgres"]["command"]))
    assert int(most) - 3 > 3 * of_one  # three are kept for a superuser
    assert f"PostgreSQL must allow {of_one} connections" in (ROOT / "docs" / "deploy.md").read_text()
