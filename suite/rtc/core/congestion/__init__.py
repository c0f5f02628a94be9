"""How much a line carries, from what its far end says: pure functions of (feedback, now).

The shape is Google Congestion Control's (draft-ietf-rmcat-gcc-02): a trend of the one-way delay and the losses move a rate
by multiplicative decrease and careful growth. Three things are added, since a server that forwards cannot make an encoder
send a little less or a little more. What is under way is counted, so that a queue is drained and not only fed no longer
(`Estimator.target`); a loss that does not depend on the rate is not taken for congestion; and more than is sent at present
is believed only where clusters of probes have shown it (`Prober`).
"""
