"""What every container must keep, whether Compose or Kubernetes runs it."""

import re
from typing import Any

VERSION = re.compile(r":[\w.-]*\d[\w.-]*(?:@sha256:[0-9a-f]{64})?$")
SECRET = re.compile(r"password|secret|token|(?:^|_)key|database_url", re.IGNORECASE)


def compose_problems(compose: dict[str, Any]) -> set[str]:
    """The rules that a compose file breaks, each with the service."""
    bad = set()
    for name, service in compose["services"].items():
        rules = {
            "an image without a version": not VERSION.search(service.get("image", "")),
            "a root file system that can be written": service.get("read_only") is not True,
            "capabilities": service.get("cap_drop") != ["ALL"],
            "new privileges": "no-new-privileges:true" not in service.get("security_opt", []),
            "privileged": bool(service.get("privileged")),
            "root": name != "proxy" and str(service.get("user", "0")).split(":")[0] in {"0", "root"},
            "a name that stands in the way of replicas": "container_name" in service,
            "a port beside the proxy": name != "proxy" and "ports" in service,
            "no health check": "healthcheck" not in service,
            "no restart policy": "restart" not in service,
            "a secret in the environment": bool(plain_secrets(service.get("environment", {}))),
            "the engine's socket": any("docker.sock" in str(one) for one in service.get("volumes", [])),
        }
        networks = [compose["networks"].get(one) or {} for one in service.get("networks", ["default"])]
        rules["a way to the outside"] = name != "proxy" and not all(one.get("internal") for one in networks)
        bad |= {f"{name}: {rule}" for rule, broken in rules.items() if broken}
        wanted = set(service.get("secrets", []))
        bad |= {f"{name}: an unknown secret {one}" for one in wanted - compose["secrets"].keys()}
        named = set(re.findall(r"/run/secrets/(\w+)", str(service)))
        bad |= {f"{name}: a secret that is not mounted {one}" for one in named ^ wanted}
        waited = set(service.get("depends_on", {}))
        bad |= {f"{name}: waits for nothing {one}" for one in waited - compose["services"].keys()}
        volumes = {one.split(":")[0] for one in service.get("volumes", []) if not one.startswith(".")}
        bad |= {f"{name}: an unknown volume {one}" for one in volumes - compose["volumes"].keys()}
    return bad


def pod_problems(pod: dict[str, Any]) -> set[str]:
    """The rules that a pod of Kubernetes breaks."""
    bad = set()
    outer = pod.get("securityContext", {})
    if outer.get("runAsNonRoot") is not True or not outer.get("runAsUser"):
        bad.add("root")
    if outer.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        bad.add("system calls")
    if pod.get("automountServiceAccountToken") is not False:
        bad.add("the cluster's token")
    volumes = {one["name"] for one in pod.get("volumes", [])}
    for container in pod["containers"]:
        inner = container.get("securityContext", {})
        rules = {
            "an image without a version": not VERSION.search(container["image"]),
            "a root file system that can be written": inner.get("readOnlyRootFilesystem") is not True,
            "capabilities": inner.get("capabilities", {}).get("drop") != ["ALL"],
            "new privileges": inner.get("allowPrivilegeEscalation") is not False,
            "privileged": bool(inner.get("privileged")),
            "no limit of memory": "memory" not in container.get("resources", {}).get("limits", {}),
            "a secret in the environment": bool(
                plain_secrets({one["name"]: one.get("value") for one in container.get("env", [])})
            ),
            "an unknown volume": not {one["name"] for one in container.get("volumeMounts", [])} <= volumes,
        }
        bad |= {rule for rule, broken in rules.items() if broken}
    return bad


def plain_secrets(environment: dict[str, Any]) -> set[str]:
    """Variables that hold a secret rather than name its file."""
    return {name for name in environment if SECRET.search(name) and not name.endswith("_FILE")}
