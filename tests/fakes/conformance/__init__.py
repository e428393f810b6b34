"""What each dialect declares of itself for the conformance suite: one file each.

A question and an answer are features with values. A client's declaration says how it asks for
each and how it reads the answer, by the vendor's own types; an upstream's says what a server of
this dialect understands of a body and how it answers. The suite crosses them all.
"""
