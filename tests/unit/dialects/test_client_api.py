"""What a client dialect says of its routes."""

from gearshift.dialects.client_api import UPSTREAM_STATUSES, model_answer

WHOLE, PIECE = {"type": "object"}, {"type": "string"}


def test_what_a_model_answers_comes_whole_or_streamed_with_its_decision():
    entry = model_answer("Ask", "Question", WHOLE, ("text/plain", PIECE))
    assert (entry.summary, entry.body, entry.status) == ("Ask", "Question", 200)
    assert entry.answer == {"application/json": WHOLE, "text/plain": PIECE}
    assert entry.statuses == UPSTREAM_STATUSES
    assert (entry.is_routed, entry.takes_load) == (True, False)
    assert model_answer("Ask", "", WHOLE, ("x/y", PIECE), takes_load=True).takes_load
