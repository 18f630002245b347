"""A Dockerfile as stages of instructions, and the rules that ours keeps: what hadolint asks for, and more."""

import re
import shlex
from dataclasses import dataclass, field

TOOLS = {"apt", "apt-get", "gcc", "g++", "make", "curl", "wget", "git", "sudo"}
SECRET = re.compile(r"password|secret|token|key", re.IGNORECASE)


@dataclass
class Stage:
    """What follows one FROM."""

    base: str
    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [text for word, text in self.lines if word == instruction]


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile; ARGs before the first FROM are put in where they are used."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    found, arguments = [], {}
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            for key, value in arguments.items():
                base = base.replace(f"${{{key}}}", value)
            found.append(Stage(base, name))
        elif not found:
            assert word == "ARG", line
            key, _, value = rest.partition("=")
            arguments[key] = value
        else:
            found[-1].lines.append((word, rest))
    return found


def lineage(found: list[Stage], name: str) -> list[Stage]:
    """A stage and those that it is built on, the first one first."""
    by_name = {stage.name: stage for stage in found}
    chain = [by_name[name]]
    while chain[0].base in by_name:
        chain.insert(0, by_name[chain[0].base])
    return chain


def problems(text: str, targets: tuple[str, ...]) -> set[str]:
    """The rules that a Dockerfile breaks, for the stages that are handed out."""
    found = stages(text)
    names = {stage.name for stage in found}
    bad = set()
    for stage in found:
        if stage.base not in names and not re.search(r":[\w.-]*\d[\w.-]*$", stage.base.split("@")[0]):
            bad.add("a base without a version")
        if any(re.search(r"\b(sudo|curl|wget)\b", run) for run in stage.all("RUN")):
            bad.add("RUN fetches by hand")
        if stage.all("ADD"):
            bad.add("ADD")
        if any(re.search(r"(?:^|\s)\.{1,2}/?(?:\s|$)", one.rsplit(" ", 1)[0]) for one in stage.all("COPY")):
            bad.add("COPY of everything")
        for one in stage.all("ENV") + stage.all("ARG"):
            names_set = [part.partition("=")[0] for part in shlex.split(one)]
            if any(SECRET.search(name) for name in names_set):
                bad.add("a secret in the image")
        if any("pip install" in run and "--constraint" not in run for run in stage.all("RUN")):
            bad.add("pip without constraints")
    return bad.union(*(_handed_out(lineage(found, target)) for target in targets))


def _handed_out(chain: list[Stage]) -> set[str]:
    bad = set()
    lines = [line for stage in chain for line in stage.lines]
    users = [text for word, text in lines if word == "USER"]
    if not users or users[-1].split(":")[0] in {"root", "0"} or not users[-1].split(":")[0].isdigit():
        bad.add("no numbered user other than root")
    runs = " ".join(text for word, text in lines if word == "RUN")
    if TOOLS & set(re.findall(r"[\w+-]+", runs)) or "pip install" in runs:
        bad.add("build tools in what is handed out")
    commands = [text for word, text in lines if word in {"CMD", "ENTRYPOINT"}]
    if not commands or any(not one.startswith("[") for one in commands):
        bad.add("a command through a shell")
    if chain[-1].all("EXPOSE") and not chain[-1].all("HEALTHCHECK"):
        bad.add("a server without a health check")
    return bad
