"""What is forgotten first."""

from explorer.recent import Recent


def test_what_was_looked_at_the_longest_ago_is_forgotten() -> None:
    recent: Recent[str, int] = Recent(10, lambda size: size)
    for key, size in (("a", 4), ("b", 4), ("a", 3)):
        recent[key] = size
    assert recent["b"] == 4  # looked at, so that a goes first
    recent["c"] = 4
    assert [key in recent for key in "abc"] == [False, True, True]
    recent["d"] = 100  # the newest stays, whatever its size
    assert [key in recent for key in "abcd"] == [False, False, False, True]
    assert (recent.get("d"), recent.get("c")) == (100, None)
    recent.drop(lambda key: key == "d")
    recent["e"], recent["f"] = 5, 5
    assert "e" in recent
    assert "f" in recent


def test_values_that_are_looked_at_in_turn_stay_though_there_is_not_room_for_all() -> None:
    recent: Recent[int, int] = Recent(100, lambda size: size, "any")
    read = 0
    for key in [*range(105)] * 20:
        if key not in recent:
            recent[key] = 1
            read += 1
            assert key in recent
    assert read < 105 + 19 * 25  # forgetting the oldest would read all 105 each time
