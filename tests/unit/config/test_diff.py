"""What is said of two settings that differ."""

from gearshift.config.diff import changes, needing_restart, summary
from gearshift.config.loading import Settings


def settings(**blocks):
    return Settings.model_validate(blocks)


def upstream(**more):
    one = {"name": "u", "provider": "openai", "base_url": "http://me:secret@h:1/v1", **more}
    return settings(upstreams=[one])


def test_values_are_told_with_their_keys():
    new = settings(limits={"max_queue": 9}, tiered_routing={"models": {"simple": "a b"}})
    assert changes(settings(), new) == [
        'tiered_routing.models.simple: "gemma2:2b" -> "a b"',
        "limits.max_queue: 256 -> 9",
    ]
    assert changes(new, new) == []


def test_secrets_are_not():
    pairs = [
        (settings(), settings(auth={"api_keys": ["hush"]})),
        (settings(auth={"api_keys": ["hush"]}), settings(auth={"api_keys": ["hush2"]})),
        (upstream(api_key="hush"), upstream(api_key="hush2")),
        (upstream(), upstream(base_url="http://me:secret2@h:1/v1")),
        (upstream(), upstream(base_url="http://me:secret@h:2/v1")),
        (settings(), upstream(api_key="hush")),
    ]
    for old, new in pairs:
        told = " ".join(changes(old, new))
        assert told
        assert "hush" not in told
        assert "secret" not in told
    assert changes(*pairs[2]) == ["upstreams.0.api_key: changed"]
    assert changes(*pairs[3]) == ["upstreams.0.base_url: changed"]


def test_many_changes_are_cut_short():
    assert summary([f"k{n}: 1 -> 2" for n in range(10)]).endswith("k7: 1 -> 2 and 2 more")
    assert summary(["a: changed", "b: changed"]) == "a: changed, b: changed"


def test_what_is_read_only_at_the_start_is_named():
    new = settings(
        tls={"certificate": "a.pem", "key": "b.pem"},
        admin={"token": "another token for operators"},
        decision_log={"keep_days": 7},
        opentelemetry={"content": True},
        limits={"max_queue": 9},
        quality={"shadow_share": 0.5},
    )
    assert sorted(needing_restart(changes(settings(), new))) == [
        "admin.token",
        "decision_log.keep_days",
        "opentelemetry.content",
        "tls.certificate",
        "tls.key",
    ]
