"""An upstream's response whose pieces take their time by a clock of the test's own."""


class TimedResponse:
    """The body of a 200 in pieces, each after so many seconds of a clock."""

    status = 200
    content_type = "text/event-stream"

    def __init__(self, clock, pieces):
        self.clock = clock
        self.pieces = list(pieces)
        self.done = []
        self.headers = {}
        self.is_complete = False

    async def read(self):
        seconds, data = self.pieces.pop(0) if self.pieces else (0.0, b"")
        self.clock.now += seconds
        return data

    async def body(self, limit):
        return b"".join([data for _, data in self.pieces])

    async def chunks(self):
        while data := await self.read():
            yield data

    def limit_silence(self, seconds):
        self.done.append(("silence", seconds))

    def abort(self):
        self.done.append("abort")

    def release(self):
        self.done.append("release")
