"""The reference device: what a stimulator does with what it hears.

What it does not do it answers with a reason, in one word:

===============  =================================================================
session          not of the session that holds the device
stopped          a stop came, and no lease of a later arming since
lease            no lease is running
clock            the service's clock is not known well enough, or behind the message
expired          too late, or its time to fire is over or after its own expiry
validity         valid for more than 10 s, or from before the arming
order            older than what was already done
simulated        a simulated command for a real device, or the reverse
unit, limit      not this device's unit; not a number from 0 to its limit
program          not one of its programs, or another than now while it gives something
charge, on_time  the way down would no longer fit within the limit
refractory       a trigger too soon after the last
triggers         too many triggers in a minute, or waiting for their time
dropped          a trigger that waited when a new amount was asked for
===============  =================================================================
"""
