"""The reference device: what a stimulator does with commands, leases and stops.

A command that it refuses is answered with a reason, in one word:

===============  =================================================================
session          of another session than the one that holds the device
stopped          a stop came, and no lease of a later arming since
lease            no lease is running
clock            the service's clock is not known well enough, or behind the message
expired          it came after its expiry, or its time to fire is past or after that expiry
validity         valid for more than 10 s, or from before the arming
order            older than the newest command that was done
simulated        a simulated command for a real device, or the reverse
unit, limit      not this device's unit; not a number from 0 to its limit
program          not one of its programs, or a change of program at an amount above 0
charge, on_time  the way down would no longer fit within the limit
refractory       a trigger too soon after the last
triggers         too many triggers in a minute, or waiting for their time
dropped          a trigger that waited when a new amount was asked for, or the broker was lost
===============  =================================================================
"""
