"""People who come and go at a media server for half an hour, and whether it is afterwards what it was before."""
