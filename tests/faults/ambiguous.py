"""Requests as bytes: what servers read differently, what is no HTTP, what is odd but sound."""

from __future__ import annotations

from tests.faults.raw import BODY, PATH, SMUGGLED, chunked, last, request, sound

INNER = sound(model=SMUGGLED)
LENGTH = f"content-length: {len(BODY)}"
CHUNKED = "transfer-encoding: chunked"
IN_CHUNKS = chunked(BODY)


def of_lengths(*values: str) -> bytes:
    """A request with these lengths, its body, and one hidden behind it."""
    return request(*(f"content-length: {value}" for value in values), body=BODY + INNER)


def of_coding(*values: str | bytes, line: str = f"POST {PATH} HTTP/1.1") -> bytes:
    """A request with these transfer codings, in chunks, and one hidden behind it."""
    lines = [b"transfer-encoding: " + (v if isinstance(v, bytes) else v.encode()) for v in values]
    return request(*lines, line=line, body=IN_CHUNKS + INNER)


def of_field(field: str | bytes) -> bytes:
    """A sound request but for one header line."""
    return request(field, LENGTH, body=BODY + INNER)


def of_target(target: str | bytes, method: str = "POST") -> bytes:
    target = target if isinstance(target, bytes) else target.encode("latin-1")
    line = method.encode() + b" " + target + b" HTTP/1.1"
    return request(LENGTH, line=line, body=BODY + INNER)


def of_chunks(body: bytes) -> bytes:
    return request(CHUNKED, body=body)


SIZE = b"%x" % len(BODY)
LENGTHS = {
    "length_and_chunks": request(LENGTH, CHUNKED, body=IN_CHUNKS + INNER),
    "chunks_and_length": request(CHUNKED, LENGTH, body=IN_CHUNKS + INNER),
    "length_hides_behind_chunks": request("content-length: 4", CHUNKED, body=b"0\r\n\r\n" + INNER),
    "two_lengths": of_lengths(str(len(BODY)), str(len(BODY) + 5)),
    "twice_the_same_length": of_lengths(str(len(BODY)), str(len(BODY))),
    "length_zero_and_another": of_lengths("0", str(len(BODY))),
    "list_of_lengths": of_lengths(f"{len(BODY)}, {len(BODY)}"),
    "list_of_different_lengths": of_lengths(f"{len(BODY)}, 5"),
    "length_plus": of_lengths(f"+{len(BODY)}"),
    "length_negative": of_lengths("-5"),
    "length_minus_zero": of_lengths("-0"),
    "length_hex": of_lengths(hex(len(BODY))),
    "length_with_a_space_inside": of_lengths("7 3"),
    "length_with_a_fraction": of_lengths(f"{len(BODY)}.0"),
    "length_with_an_exponent": of_lengths("7e1"),
    "length_with_an_underscore": of_lengths("7_3"),
    "length_empty": of_lengths(""),
    "length_blank": of_lengths("  "),
    "length_of_letters": of_lengths("abc"),
    "length_with_a_parameter": of_lengths(f"{len(BODY)};a=b"),
    "length_in_quotes": of_lengths(f'"{len(BODY)}"'),
    "length_with_a_vertical_tab": of_lengths(f"\x0b{len(BODY)}"),
    "length_in_other_digits": request("content-length: ٧٣".encode(), body=BODY + INNER),
    "length_beyond_64_bits": of_lengths(str(2**64 + len(BODY))),
    "length_of_a_thousand_digits": of_lengths("9" * 1000),
}
CODINGS = {
    "chunked_identity": of_coding("chunked, identity"),
    "identity_chunked": of_coding("identity, chunked"),
    "gzip_chunked": of_coding("gzip, chunked"),
    "gzip": of_coding("gzip"),
    "identity": of_coding("identity"),
    "empty_coding": of_coding(""),
    "xchunked": of_coding("xchunked"),
    "chunkedx": of_coding("chunkedx"),
    "chunked_twice": of_coding("chunked, chunked"),
    "chunked_in_quotes": of_coding('"chunked"'),
    "chunked_with_a_parameter": of_coding("chunked;a=b"),
    "chunked_after_a_vertical_tab": of_coding("\x0bchunked"),
    "chunked_before_a_nul": of_coding("chunked\x00"),
    "chunked_before_a_letter_like_k": of_coding("chun\u212aed".encode()),
    "two_codings": of_coding("chunked", "identity"),
    "two_codings_the_other_way": of_coding("identity", "chunked"),
    "two_codings_of_chunks": of_coding("chunked", "chunked"),
    "unknown_coding_then_chunked": of_coding("x", "chunked"),
    "chunks_in_http_1_0": of_coding("chunked", line=f"POST {PATH} HTTP/1.0"),
    "folded_coding": request("transfer-encoding:\r\n chunked", body=IN_CHUNKS + INNER),
    "space_before_the_colon": request("transfer-encoding : chunked", LENGTH, body=BODY + INNER),
    "coding_behind_a_bare_cr": request(f"x: y\r{CHUNKED}", LENGTH, body=BODY + INNER),
    "coding_behind_a_bare_lf": request(f"x: y\n{CHUNKED}", LENGTH, body=BODY + INNER),
}
FIELDS = {
    "folded": of_field("x-a: b\r\n c"),
    "folded_by_a_tab": of_field("x-a: b\r\n\tc"),
    "folded_first": request(" x-a: b", LENGTH, host=False, body=BODY + INNER),
    "space_before_colon": of_field("x-a : b"),
    "tab_before_colon": of_field("x-a\t: b"),
    "no_name": of_field(": b"),
    "no_colon": of_field("x-a"),
    "space_in_a_name": of_field("x a: b"),
    "nul_in_a_name": of_field("x\x00a: b"),
    "control_in_a_name": of_field("x\x01a: b"),
    "bracket_in_a_name": of_field("x(a): b"),
    "eighth_bit_in_a_name": of_field("x\xe9: b"),
    "nul_in_a_value": of_field("x-a: b\x00c"),
    "control_in_a_value": of_field("x-a: b\x01c"),
    "escape_in_a_value": of_field("x-a: b\x1bc"),
    "delete_in_a_value": of_field("x-a: b\x7fc"),
    "bare_cr_in_a_value": of_field("x-a: b\rc"),
    "bare_lf_in_a_value": of_field("x-a: b\nc: d"),
    "bare_lf_everywhere": sound().replace(b"\r\n", b"\n") + INNER,
    "bare_cr_everywhere": sound().replace(b"\r\n", b"\r") + INNER,
    "bare_lf_after_the_first_line": sound().replace(b"\r\n", b"\n", 1) + INNER,
    "bare_lf_before_the_body": sound().replace(b"\r\n\r\n", b"\r\n\n", 1) + INNER,
    "no_host": request(LENGTH, host=False, body=BODY + INNER),
    "two_hosts": of_field("host: y"),
    "the_same_host_twice": of_field("host: localhost"),
    **{
        f"host_{name}": request(f"host: {value}", LENGTH, host=False, body=BODY + INNER)
        for name, value in {
            "of_two_words": "a b",
            "with_a_path": "a/b",
            "with_a_user": "u@h",
            "with_half_a_bracket": "[::1",
            "with_a_port_of_letters": "h:http",
        }.items()
    },
}
TARGETS = {
    "no_slash": of_target("v1/chat/completions"),
    "asterisk": of_target("*"),
    "empty": of_target(""),
    "fragment": of_target(f"{PATH}#a"),
    "space": of_target(f"{PATH} a"),
    "tab": of_target(f"{PATH}\ta"),
    "nul": of_target(f"{PATH}\x00"),
    "control": of_target(f"{PATH}\x01"),
    "another_scheme": of_target(f"ftp://x{PATH}"),
    "no_scheme": of_target(f"://x{PATH}"),
    "authority": of_target("x:80"),
    "connect": of_target("x:443", "CONNECT"),
    "connect_to_a_path": of_target(PATH, "CONNECT"),
}
LINES = {
    name: request(LENGTH, line=line, body=BODY + INNER)
    for name, line in {
        "http_0_9": f"POST {PATH}",
        "http_2": f"POST {PATH} HTTP/2.0",
        "http_3": f"POST {PATH} HTTP/3",
        "http_11": f"POST {PATH} HTTP/11",
        "http_1": f"POST {PATH} HTTP/1",
        "http_1_1_1": f"POST {PATH} HTTP/1.1.1",
        "http_minus": f"POST {PATH} HTTP/-1.1",
        "lower_case_http": f"POST {PATH} http/1.1",
        "words_after_the_version": f"POST {PATH} HTTP/1.1 x",
        "lower_case_method": f"post {PATH} HTTP/1.1",
        "method_with_a_sign": f"P@ST {PATH} HTTP/1.1",
        "method_of_a_thousand_letters": f"{'P' * 1000} {PATH} HTTP/1.1",
        "space_before_the_method": f" POST {PATH} HTTP/1.1",
    }.items()
}
CHUNKS = {
    "size_of_letters": of_chunks(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_negative": of_chunks(b"-" + SIZE + b"\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_plus": of_chunks(b"+" + SIZE + b"\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_0x": of_chunks(b"0x" + SIZE + b"\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_after_a_space": of_chunks(b" " + SIZE + b"\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_empty": of_chunks(b"\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_with_an_underscore": of_chunks(b"4_9\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_beyond_64_bits": of_chunks(b"1" + b"0" * 14 + SIZE + b"1\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "size_of_17_digits": of_chunks(b"f" * 17 + b"\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_ends_in_a_bare_lf": of_chunks(SIZE + b"\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "size_ends_in_a_bare_cr": of_chunks(SIZE + b"\r" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "chunk_without_its_line_end": of_chunks(SIZE + b"\r\n" + BODY + b"0\r\n\r\n" + INNER),
    "chunk_ends_in_a_bare_lf": of_chunks(SIZE + b"\r\n" + BODY + b"\n0\r\n\r\n" + INNER),
    "chunk_longer_than_its_size": of_chunks(b"5\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "bare_lf_in_an_extension": of_chunks(SIZE + b";a\nb\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "nul_in_an_extension": of_chunks(SIZE + b";a\x00b\r\n" + BODY + b"\r\n0\r\n\r\n" + INNER),
    "extension_of_a_megabyte": of_chunks(SIZE + b";" + b"a" * 1_000_000 + b"\r\n" + BODY),
    "flood_of_extensions": of_chunks((b"1;" + b"a" * 4000 + b"\r\n \r\n") * 1000),
    "trailer_without_colon": of_chunks(SIZE + b"\r\n" + BODY + b"\r\n0\r\nabc\r\n\r\n" + INNER),
    "nul_in_a_trailer": of_chunks(SIZE + b"\r\n" + BODY + b"\r\n0\r\na: \x00\r\n\r\n" + INNER),
    "flood_of_trailers": of_chunks(SIZE + b"\r\n" + BODY + b"\r\n0\r\n" + b"a: b\r\n" * 100_000),
}
REFUSED = LENGTHS | CODINGS | FIELDS | TARGETS | LINES | CHUNKS


NO_HTTP = {
    "garbage": b"\x00\xff\xfe\x01garbage\r\n\r\n",
    "tls_hello": bytes.fromhex("16030100c8010000c40303") + b"\x5a" * 200,
    "http_2_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "http_0_9_with_headers": b"GET /\r\nhost: localhost\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a_response": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "json": BODY + b"\r\n\r\n",
}


TAKEN = {
    "chunks": request(CHUNKED, "connection: close", body=IN_CHUNKS),
    "chunks_by_letter": request(
        CHUNKED, "connection: close", body=chunked(*(bytes([byte]) for byte in BODY))
    ),
    "chunked_after_spaces": request(
        "transfer-encoding:   chunked", "connection: close", body=IN_CHUNKS
    ),
    "chunked_in_capitals": request(
        "Transfer-Encoding: CHUNKED", "connection: close", body=IN_CHUNKS
    ),
    "chunk_extension": request(
        CHUNKED, "connection: close", body=SIZE + b';a="b"\r\n' + BODY + b"\r\n0\r\n\r\n"
    ),
    "chunk_size_in_capitals_with_zeros": request(
        CHUNKED, "connection: close", body=b"000" + SIZE.upper() + b"\r\n" + BODY + b"\r\n0\r\n\r\n"
    ),
    "trailers": request(
        CHUNKED, "connection: close", body=IN_CHUNKS.removesuffix(b"\r\n") + b"x-a: b\r\n\r\n"
    ),
    "blank_around_the_length": request(
        f"content-length: \t{len(BODY)} ", "connection: close", body=BODY
    ),
    "line_ends_before_the_request": b"\r\n\r\n" + last(),
    "absolute_target": last(line=f"POST http://x{PATH} HTTP/1.1"),
    "absolute_target_in_capitals": last(line=f"POST HTTP://x{PATH} HTTP/1.1"),
    "query": last(line=f"POST {PATH}?a=b&c HTTP/1.1"),
    "escaped_path": last(line="POST /v1/chat/%63ompletions HTTP/1.1"),
    "http_1_0": sound(line=f"POST {PATH} HTTP/1.0"),
    "http_1_0_without_host": request(LENGTH, line=f"POST {PATH} HTTP/1.0", host=False, body=BODY),
    "a_header_of_utf_8": last("x-a: é".encode()),
    "an_empty_header": last("x-a:"),
}
