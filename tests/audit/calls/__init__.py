"""How each service is called, app by app: a module here for each app of `suite/`.

`CALLS` maps a service (`people.user_deactivate`, or `record` where services are one file) to a function that sets its world up
and gives the call itself; calling it must leave a record. `READS` maps what changes nothing to the reason why it stands among
the services, and to a call.
"""
