"""SCTP for data channels, as a pure state machine: packets, messages and the time go in, packets and messages come out.

One association over one DTLS connection (RFC 8261), with what browsers, libwebrtc and pion use of it: RFC 9260, partial
reliability (RFC 3758), stream reset (RFC 6525), zero checksum (RFC 9653), data channels (RFC 8831 and 8832). Interleaving
(RFC 8260) is not offered. Inside, transmission sequence numbers never wrap: `wire.unwrap` widens them as they arrive.

`association.Association` is the machine; `life` is how it begins and ends, `sending` and `receiving` are its two halves;
`channels` gives streams their labels.
"""
