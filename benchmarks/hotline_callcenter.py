"""FreeSWITCH's own queue, mod_callcenter, set up as well as it can be: what ours is measured beside."""

from pathlib import Path

NUMBER = "4009009009"
"""What is dialled to get into its queue."""

_MODULE = '<load module="mod_callcenter"/>'
_EXTENSION = f"""
    <extension name="mod_callcenter">
      <condition field="destination_number" expression="^{NUMBER}\\z">
        <action application="answer"/>
        <action application="callcenter" data="service@default"/>
        <action application="hangup"/>
      </condition>
    </extension>
"""


def configuration(agents: list[str], domain: str, database: Path) -> str:
    """callcenter.conf.xml: one queue, no rules, agents without any pause between two calls.

    `database` is its SQLite file, which it asks for every call and several times a second.
    """
    calm = "".join(
        f' {name}="0"'
        for name in ("wrap-up-time", "reject-delay-time", "busy-delay-time", "no-answer-delay-time", "max-no-answer")
    )
    people = "".join(
        f'<agent name="{agent}" type="callback" status="Available"{calm}'
        f' contact="[leg_timeout=10]user/{agent}@{domain}"/>'
        for agent in agents
    )
    tiers = "".join(f'<tier agent="{agent}" queue="service@default" level="1" position="1"/>' for agent in agents)
    return f"""<include>
<configuration name="callcenter.conf">
  <settings><param name="dbname" value="{database}"/></settings>
  <queues><queue name="service@default">
    <param name="strategy" value="longest-idle-agent"/>
    <param name="moh-sound" value="local_stream://moh"/>
    <param name="time-base-score" value="queue"/>
    <param name="max-wait-time" value="0"/>
    <param name="max-wait-time-with-no-agent" value="0"/>
    <param name="tier-rules-apply" value="false"/>
    <param name="discard-abandoned-after" value="60"/>
    <param name="abandoned-resume-allowed" value="false"/>
  </queue></queues>
  <agents>{people}</agents>
  <tiers>{tiers}</tiers>
</configuration>
</include>
"""


def add_to(conf: Path, agents: list[str], domain: str, database: Path) -> None:
    """Changes a copy of config/freeswitch so that it has the queue."""
    (conf / "autoload_configs" / "callcenter.conf.xml").write_text(configuration(agents, domain, database))
    _insert(conf / "autoload_configs" / "modules.conf.xml", "</modules>", f"{_MODULE}</modules>")
    _insert(conf / "dialplan" / "trunk.xml", '<context name="trunk">', f'<context name="trunk">{_EXTENSION}')


def _insert(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text, f"{file}: no {before}"
    file.write_text(text.replace(before, after, 1))
